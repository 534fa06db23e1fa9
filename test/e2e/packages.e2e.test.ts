import { describe, expect, test } from 'vitest';
import { missingDebian } from '../support/apt/debian.ts';
import { IS_INSTALLED, makeAptGround } from '../support/apt/ground.ts';
import { covers } from './interface.ts';

const noDebian = missingDebian();
const skipped = (why: string | undefined): string => (why === undefined ? '' : ` (${why})`);

describe('package managers', () => {
  test.skipIf(noDebian !== undefined)(
    `apt installs packages, shows what apt-get says and exits as it does${skipped(noDebian)} ${covers('apt install')}`,
    async () => {
      const { run } = await makeAptGround();
      const done = await run(`installer apt install tool && ${IS_INSTALLED} tool library`);
      expect([done.exitCode, done.output]).toEqual([0, expect.stringContaining('library installed\ntool installed\n')]);
      expect(done.output).toContain('Unpacking tool');
      const unknown = await run('installer apt install no-such-package');
      expect([unknown.exitCode, unknown.output]).toEqual([
        100,
        expect.stringContaining('✗ Unable to locate package no-such-package'),
      ]);
      const option = await run('installer apt install tool --force-yes');
      expect([option.exitCode, option.output]).toEqual([2, expect.stringContaining('--force-yes')]);
    },
  );
});
