import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeTempFolder } from '../support/temp-folder.ts';
import { repository } from './bare-clone.ts';

const { version } = JSON.parse(readFileSync(join(repository, 'package.json'), 'utf8')) as { version: string };
const QUIET = ['--no-audit', '--no-fund', '--loglevel=error'];

test('the npm package holds both programs and their data, and needs no TypeScript', async () => {
  const folder = await makeTempFolder();
  const run = (file: string, args: readonly string[], cwd = folder) =>
    execFileSync(file, args, {
      cwd,
      encoding: 'utf8',
      env: { ...process.env, CONTEXTCORE_HOME: join(folder, 'home') },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
  run('npm', ['pack', '--pack-destination', folder, ...QUIET], repository);
  const [tarball = ''] = readdirSync(folder).filter((name) => name.endsWith('.tgz'));
  run('npm', ['install', '--prefix', folder, '--omit=dev', '--prefer-offline', ...QUIET, join(folder, tarball)]);

  const programs = join(folder, 'node_modules/.bin');
  for (const program of ['create-cluster', 'contextcore-install']) {
    expect(run(join(programs, program), ['--version'])).toBe(`${version}\n`);
    const help = readFileSync(join(repository, `src/cli/help/${program}.txt`), 'utf8');
    expect(run(join(programs, program), ['--help'])).toBe(help);
  }
  expect(JSON.parse(run(join(programs, 'create-cluster'), ['--status', '--json']))).toBeTypeOf('object');

  const installed = join(folder, 'node_modules/contextcore-installer');
  for (const data of ['k8s', 'host', 'schemas', 'LICENSE', 'README.md']) {
    expect(existsSync(join(installed, data)), data).toBe(true);
  }
  expect(existsSync(join(installed, 'src'))).toBe(false);
});
