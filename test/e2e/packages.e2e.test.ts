import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { missingDebian } from '../support/apt/debian.ts';
import { IS_INSTALLED, makeAptGround } from '../support/apt/ground.ts';
import { makeGround } from '../support/cli.ts';
import { writeFile } from '../support/cli-files.ts';
import { startSite } from '../support/http-site.ts';
import { startIndex } from '../support/pip/index-site.ts';
import { missingPrograms } from '../support/programs.ts';
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

  const noNpm = missingPrograms('npm');
  test.skipIf(noNpm !== undefined)(
    `npm installs packages and exits as it does${skipped(noNpm)} ${covers('npm install')}`,
    async () => {
      const { folder, install } = makeGround();
      mkdirSync(join(folder, 'library'));
      writeFile(folder, 'library/package.json', '{"name":"library","version":"1.0.0"}');
      writeFile(folder, 'package.json', '{"name":"project","private":true}');
      const done = await install(['npm', 'install', './library', '--', '--save-dev']);
      expect([done.exitCode, done.stderr]).toEqual([0, expect.anything()]);
      expect(readFileSync(join(folder, 'package.json'), 'utf8')).toContain('devDependencies');
      const site = await startSite();
      const env = { npm_config_registry: site.url };
      const failed = await install(['npm', 'install', 'no-such-package'], { env });
      await site.close();
      expect([failed.exitCode, failed.stderr]).toEqual([1, expect.stringContaining('✗ npm: E404')]);
    },
  );

  const noPython = missingPrograms('python3');
  test.skipIf(noPython !== undefined)(
    `pip installs packages into an environment and exits as it does${skipped(noPython)} ${covers('pip install')}`,
    async () => {
      const { folder, install } = makeGround();
      const { index } = await startIndex();
      const env = { PIP_CONFIG_FILE: '/dev/null', PIP_INDEX_URL: index, UV_DEFAULT_INDEX: index };
      const pip = (...args: string[]) => install(['pip', 'install', '--venv', 'env', ...args], { env });
      const done = await pip('hello-py');
      expect([done.exitCode, done.stderr]).toEqual([0, expect.anything()]);
      const failed = await pip('no-such-package');
      expect([failed.exitCode, failed.stderr]).toEqual([1, expect.stringContaining('no-such-package')]);
      expect(existsSync(join(folder, 'env/bin/python'))).toBe(true);
      expect(await install(['pip', 'install'])).toMatchObject({ exitCode: 2 });
    },
  );
});
