import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { findFreePort } from '../free-port.ts';
import { waitFor } from '../processes.ts';

const VERSION = '6.10.4';
const CACHE = join(homedir(), '.cache/contextcore-test');
const LIMIT_MS = 280_000;

/**
 * Puts verdaccio into a cache folder, once for all tests.
 *
 * @returns why it cannot be had
 */
export function obtainVerdaccio(): string | undefined {
  if (existsSync(entry())) return undefined;
  mkdirSync(CACHE, { recursive: true });
  const folder = mkdtempSync(join(CACHE, 'verdaccio-'));
  // One of its dependencies asks for a tag that not every mirror of npm has.
  const overrides = { 'node-fetch': '2.7.0' };
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ dependencies: { verdaccio: VERSION }, overrides }));
  try {
    const words = ['install', '--no-audit', '--no-fund', '--no-package-lock'];
    execFileSync('npm', words, { cwd: folder, stdio: 'pipe', timeout: LIMIT_MS });
    renameSync(folder, home());
  } catch (thrown) {
    rmSync(folder, { recursive: true, force: true });
    if (!existsSync(entry())) return `verdaccio cannot be had: ${(thrown as Error).message.split('\n')[0]}`;
  }
  return undefined;
}

const home = (): string => join(CACHE, `verdaccio@${VERSION}`);
const entry = (): string => join(home(), 'node_modules/verdaccio/bin/verdaccio');

/** A registry of npm on a free port; to be stopped. */
export async function startVerdaccio(): Promise<{ url: string; stop(): Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'ccx-test-verdaccio-'));
  const port = await findFreePort();
  const config = join(folder, 'config.yaml');
  const lines = [
    `storage: ${folder}/storage`,
    'uplinks: {}',
    "packages: { '**': { access: $all, publish: $all } }",
    `listen: 127.0.0.1:${port}`,
    'log: { type: stdout, format: pretty, level: fatal }',
  ];
  writeFileSync(config, lines.join('\n'));
  const child = spawn(process.execPath, [entry(), '--config', config], { cwd: folder, stdio: 'ignore' });
  const ended = new Promise((resolve) => child.once('exit', resolve));
  const url = `http://127.0.0.1:${port}/`;
  await waitFor(async () => (await fetch(`${url}-/ping`).catch(() => undefined))?.ok === true, 120_000);
  return {
    url,
    async stop() {
      child.kill('SIGKILL');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** Publishes a package there. @param folder for its files */
export function publish(
  url: string,
  folder: string,
  manifest: { name: string; version: string; dependencies?: Record<string, string> },
  env: NodeJS.ProcessEnv,
): void {
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  writeFileSync(join(folder, 'text'), 'x'.repeat(10_000));
  const token = `--${url.slice('http:'.length)}:_authToken=test`;
  execFileSync('npm', ['publish', `--registry=${url}`, token, '--fetch-retries=0'], {
    cwd: folder,
    env,
    stdio: 'pipe',
  });
}
