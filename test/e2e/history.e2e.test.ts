import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeGround } from '../support/cli.ts';
import { writeFile } from '../support/cli-files.ts';
import { covers } from './interface.ts';

test(`history lists the runs, by a plan's name or its path ${covers('history')}`, async () => {
  const { install, folder } = makeGround();
  const plan = writeFile(folder, 'demo.yaml', 'steps: [{ id: a, run: test -f ready }]\n');
  await install(['run', plan]);
  writeFile(folder, 'ready', '');
  await install(['resume', plan]);
  const lines = (await install(['history', 'demo'])).stdout.trim().split('\n');
  expect(lines).toEqual([expect.stringMatching(/Z +run +failure/), expect.stringMatching(/Z +resume +success/)]);
  const runs = JSON.parse((await install(['history', join(folder, 'demo.yaml'), '--json'])).stdout) as {
    result: string;
  }[];
  expect(runs.map((run) => run.result)).toEqual(['failure', 'success']);
  expect((await install(['history'])).stderr).toContain('no runs');
});
