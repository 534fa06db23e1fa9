import { existsSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from '../../engine/step.ts';
import { InstallerError } from '../../errors/installer-error.ts';
import type { CommandPlace } from '../command.ts';
import type { PackageGround } from '../packages/ground.ts';
import { explainPip, PIP_HINT } from './explain.ts';

/** What installs packages, and into which Python. */
export interface PythonTool {
  name: 'uv' | 'pip';
  python: string;
  /** A command of pip, or of uv in its place. */
  pip(words: readonly string[]): Command;
  /** Throws the cache away. */
  purge: Command;
}

/** Nothing is asked, and nothing is retried in two places; pip may fetch the rest of a file, which we could not. */
const ENVIRONMENT = {
  PIP_NO_INPUT: '1',
  PIP_RETRIES: '0',
  PIP_DISABLE_PIP_VERSION_CHECK: '1',
  UV_HTTP_RETRIES: '0',
  LC_ALL: 'C.UTF-8',
};

/** The system's own Python, wherever it is. */
const SYSTEM = 'python3';

export interface PythonPlace extends CommandPlace {
  /** Folder of a virtual environment, relative to `cwd`. Default: the active one, else the system's Python. */
  venv?: string;
}

export function pythonOf({ cwd, venv, env }: PythonPlace, inherited: Readonly<Record<string, string>>): string {
  if (venv !== undefined) return resolve(cwd, venv, 'bin/python');
  const active = env?.VIRTUAL_ENV ?? inherited.VIRTUAL_ENV;
  return active ? `${active}/bin/python` : SYSTEM;
}

/** uv where it is, else pip. @throws InstallerError `preflight_failed` when neither is */
export async function findPythonTool(
  ground: Pick<PackageGround, 'query' | 'env'>,
  place: PythonPlace,
): Promise<PythonTool> {
  const { cwd, env: more = {}, secrets = [] } = place;
  const env = { ...ENVIRONMENT, ...more };
  const python = pythonOf(place, ground.env);
  const { stdout } = await ground.query({
    file: 'sh',
    args: ['-c', 'command -v uv; command -v python3; true'],
    cwd,
    env,
  });
  const command = (file: string, args: readonly string[]): Command => ({ file, args, cwd, env, secrets });
  if (/(^|\/)uv$/m.test(stdout)) {
    // Without a path uv wants to be told that the system's Python is meant.
    const where = python === SYSTEM ? ['--system'] : ['--python', python];
    return {
      name: 'uv',
      python,
      pip: ([verb = '', ...words]) => command('uv', ['pip', verb, ...where, ...words]),
      // uv waits until nobody else uses its cache, by default for minutes.
      purge: { ...command('uv', ['cache', 'clean']), env: { UV_LOCK_TIMEOUT: '30', ...env } },
    };
  }
  if (!/python3$/m.test(stdout) && !existsSync(python)) {
    throw new InstallerError('preflight_failed', 'there is neither uv nor python3 on the PATH', {
      class: 'not_runnable',
    });
  }
  const pip = (words: readonly string[]) => command(python, ['-m', 'pip', ...words]);
  return { name: 'pip', python, pip, purge: pip(['cache', 'purge']) };
}

/** Whether a virtual environment would begin with nothing there, so that all in its folder will be ours. */
export function isVenvFree({ cwd, venv }: PythonPlace): boolean {
  if (venv === undefined) return false;
  const folder = resolve(cwd, venv);
  return !existsSync(folder) || readdirSync(folder).length === 0;
}

/**
 * Makes the virtual environment unless it is there; pip is put into one that has none, as uv makes them, or as a
 * making that was killed leaves them.
 *
 * @returns whether all of it was made here
 * @throws InstallerError when it cannot be made; then nothing is left of it
 */
export async function makeVenv(
  ground: PackageGround,
  { name, python }: PythonTool,
  place: PythonPlace,
): Promise<boolean> {
  const { cwd, venv, env } = place;
  if (venv === undefined) return false;
  const folder = resolve(cwd, venv);
  const free = isVenvFree(place);
  const making = `a virtual environment is made in ${folder}`;
  const run = async (what: string, file: string, ...args: readonly string[]) => {
    ground.progress(what);
    await ground.exec({ file, args, cwd, env: { ...ENVIRONMENT, ...env } }).catch(async (thrown: unknown) => {
      if (free) await rm(folder, { recursive: true, force: true, maxRetries: 3 });
      throw explainPip(thrown);
    });
  };
  const can = async (file: string, imports: string) =>
    (await ground.query({ file, args: ['-c', `import ${imports}`] })).exitCode === 0;
  if (name === 'uv') {
    if (!existsSync(python)) await run(making, 'uv', 'venv', '--allow-existing', folder);
    return free;
  }
  const there = existsSync(python);
  if (there && (await can(python, 'pip'))) return free;
  // Debian has these in a package of their own.
  if (!(await can(there ? python : 'python3', 'ensurepip, venv'))) {
    throw new InstallerError('preflight_failed', 'this Python cannot make virtual environments with pip', {
      class: 'not_runnable',
      hint: PIP_HINT,
    });
  }
  if (there) await run(`pip is put into ${folder}`, python, '-m', 'ensurepip', '--default-pip');
  else await run(making, 'python3', '-m', 'venv', folder);
  return free;
}
