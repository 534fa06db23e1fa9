import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { PipWishes } from '../../../src/steps/pip/install.ts';
import { makeTempFolder } from '../temp-folder.ts';
import { uvFolder } from './tools.ts';

export interface PipGround {
  folder: string;
  /** Without anything of the user's, and with caches of its own. */
  env: Readonly<Record<string, string>>;
  /** `hello-py`, into the environment `venv` in the folder. */
  wishes: PipWishes;
}

/**
 * @param index the one that is configured
 * @param tool what stands on the PATH besides Python
 */
export async function makePipGround(index: string, tool: 'pip' | 'uv' = 'pip'): Promise<PipGround> {
  const folder = await makeTempFolder();
  const programs = join(folder, 'programs');
  mkdirSync(programs);
  const python = execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).trim();
  symlinkSync(python, join(programs, 'python3'));
  symlinkSync('/bin/sh', join(programs, 'sh'));
  if (tool === 'uv') symlinkSync(join(uvFolder, 'uv'), join(programs, 'uv'));
  const env = {
    PATH: programs,
    HOME: folder,
    PIP_CONFIG_FILE: '/dev/null',
    PIP_CACHE_DIR: join(folder, 'cache'),
    // What comes by plain HTTP is kept, too.
    PIP_TRUSTED_HOST: '127.0.0.1',
    PIP_INDEX_URL: index,
    UV_CACHE_DIR: join(folder, 'cache'),
    UV_NO_CONFIG: '1',
    UV_PYTHON_DOWNLOADS: 'never',
    UV_DEFAULT_INDEX: index,
  };
  const wishes: PipWishes = {
    packages: ['hello-py'],
    requirements: [],
    args: [],
    indexes: [],
    breakSystem: false,
    cwd: folder,
    venv: 'venv',
    policy: { delayMs: 10, maxDelayMs: 10 },
  };
  return { folder, env, wishes };
}
