import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeGround } from '../support/cli.ts';
import { linesOf, readStateFile, writeFile } from '../support/cli-files.ts';
import { covers } from './interface.ts';

test(`a module manifest is a plan: resumed, upgraded by version, rolled back ${covers('plan: module manifest', 'run', 'resume', 'validate', 'rollback')}`, async () => {
  const { install, folder, home } = makeGround();
  const runtime = join(folder, 'runtime');
  mkdirSync(runtime);
  writeFile(runtime, 'modules.yaml', 'modules: [server, base, { path: extra, optional: true }]\n');
  const module = (name: string, text: string) => {
    mkdirSync(join(runtime, name), { recursive: true });
    writeFile(join(runtime, name), 'module.yaml', text);
  };
  const effects = () => linesOf(join(runtime, 'effects'));
  module('base', 'version: 1\ninstall: echo base >> ../effects\nuninstall: echo un-base >> ../effects\n');
  module('extra', 'install: exit 7\n');
  module(
    'server',
    'needs: [base]\nsteps:\n  - { id: unpack, run: echo unpack >> ../effects }\n  - { id: start, script: start.sh }\n',
  );
  writeFile(join(runtime, 'server'), 'start.sh', 'test -f ready && echo start >> ../effects\n');

  const valid = await install(['validate', runtime]);
  expect(valid).toMatchObject({
    exitCode: 0,
    stdout: expect.stringContaining('base, server.unpack, server.start, extra'),
  });
  expect((await install(['run', runtime])).exitCode).toBe(1);
  writeFile(join(runtime, 'server'), 'ready', '');
  const resumed = await install(['resume', runtime]);
  expect(resumed.exitCode, resumed.stderr).toBe(0);
  expect(effects()).toEqual(['base', 'unpack', 'start']);
  expect(readStateFile(home, 'runtime').steps).toMatchObject({
    base: { status: 'completed' },
    'server.start': { status: 'completed' },
    extra: { status: 'failed' },
  });

  module('base', 'version: 2\ninstall: echo base 2 >> ../effects\nuninstall: echo un-base >> ../effects\n');
  const refused = await install(['resume', runtime]);
  expect(refused.exitCode).toBe(6);
  expect(refused.stderr).toContain('version');
  expect((await install(['run', runtime])).exitCode).toBe(0);
  expect(effects().slice(3)).toEqual(['base 2']);
  expect((await install(['rollback', runtime, '--yes'])).exitCode).toBe(0);
  expect(effects().at(-1)).toBe('un-base');
});

test(`a manifest with a module that is not there is wrong usage ${covers('plan: module manifest', 'exit 2')}`, async () => {
  const { install, folder } = makeGround();
  const manifest = writeFile(folder, 'modules.yaml', 'modules:\n  - gone\n');
  const { exitCode, stderr } = await install(['run', manifest]);
  expect({ exitCode, said: stderr.includes('modules.yaml:2: there is no gone/module.yaml') }).toEqual({
    exitCode: 2,
    said: true,
  });
});
