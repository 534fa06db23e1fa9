import { existsSync, writeFileSync } from 'node:fs';
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

test('nothing was ever spooled: there is nothing to flush, and nothing is left behind', async () => {
  const ground = makeGround();
  const env = { CONTEXTCORE_REMOTE_WRITE_URL: 'http://127.0.0.1:9/api/v1/write' };
  const flushed = await ground.install(['telemetry', 'flush'], { env });
  expect(flushed).toMatchObject({ exitCode: 0, stderr: 'nothing waits\n' });
  expect(existsSync(ground.home)).toBe(false);
});

test('the services that made trouble are named, the worst first', async () => {
  const ground = makeGround();
  const fail = ['retry', '--attempts', '2', '--delay', '1ms', '--target', 'mirror', '--', 'sh', '-c'];
  await ground.install([...fail, 'echo "curl: (6) Could not resolve host: mirror.test" >&2; exit 6']);
  writeFileSync(join(ground.folder, 'shop.yaml'), 'steps:\n  - id: build\n    run: "true"\n');
  await ground.install(['run', 'shop.yaml']);
  const { stdout, exitCode, stderr } = await ground.install(['history', 'shop']);
  expect(exitCode, stderr).toBe(0);
  expect(stdout).toMatch(
    /success[\s\S]*services that made trouble[\s\S]*command:mirror {2}0 of 1 at once · 2 dns · 1 given up/,
  );
});
