import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeTempFolder } from '../temp-folder.ts';
import { publish } from './verdaccio.ts';

export interface NpmGround {
  /** Of a project without packages. */
  folder: string;
  /** With its own home and cache, and without the user's configuration. */
  env: Readonly<Record<string, string>>;
  /** Address of a registry that has `hello-app` (which needs `hello-lib`). */
  registry: string;
  /** Files of npm's cache that hold what was downloaded. */
  cached(): readonly string[];
}

/** Publishes what the tests install. */
export function fillRegistry(registry: string): void {
  const home = mkdtempSync(join(tmpdir(), 'ccx-test-npm-'));
  const env = { PATH: process.env.PATH ?? '', HOME: home };
  publish(registry, home, { name: 'hello-lib', version: '1.0.0' }, env);
  publish(registry, home, { name: 'hello-app', version: '1.0.0', dependencies: { 'hello-lib': '^1.0.0' } }, env);
  rmSync(home, { recursive: true, force: true });
}

/** @param registry as {@link fillRegistry} has filled it */
export async function makeNpmGround(registry: string): Promise<NpmGround> {
  const [folder, home] = await Promise.all([makeTempFolder(), makeTempFolder()]);
  const npmrc = join(home, '.npmrc');
  writeFileSync(npmrc, `cache=${home}/cache\nloglevel=warn\n`);
  const env = { PATH: process.env.PATH ?? '', HOME: home, npm_config_userconfig: npmrc, npm_config_registry: registry };
  writeFileSync(join(folder, 'package.json'), '{"name":"project","private":true}\n');
  const content = join(home, 'cache/_cacache/content-v2');
  return {
    folder,
    env,
    registry,
    cached: () =>
      readdirSync(content, { recursive: true, encoding: 'utf8' })
        .map((name) => join(content, name))
        .filter((path) => statSync(path).isFile()),
  };
}
