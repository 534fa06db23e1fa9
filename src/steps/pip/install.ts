import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { InstallerError } from '../../errors/installer-error.ts';
import type { RetryPolicy } from '../../resilience/policy.ts';
import { type Target, targetOf } from '../../resilience/target.ts';
import type { PackageGround } from '../packages/ground.ts';
import { packagePolicy } from '../packages/policy.ts';
import { explainPip } from './explain.ts';
import { findPythonTool, makeVenv, type PythonPlace, type PythonTool } from './python.ts';
import { readRequirements } from './requirements.ts';

export interface PipWishes extends PythonPlace {
  /** As pip takes them: `name`, `name==version`, ... */
  packages: readonly string[];
  /** Files, relative to `cwd`. */
  requirements: readonly string[];
  /** Further words for pip or uv. */
  args: readonly string[];
  /** Addresses of indexes, tried in this order behind the one that is configured. */
  indexes: readonly string[];
  /** The user wants to change a Python that the system manages (PEP 668). */
  breakSystem: boolean;
  policy: Partial<RetryPolicy>;
}

interface Index {
  url: string;
  target: Target;
  options: readonly string[];
}

/**
 * `uv pip install` or `python -m pip install`, until it works: the cache is emptied when a checksum is wrong, indexes
 * are tried in turn.
 *
 * @throws InstallerError of the last attempt
 */
export async function pipInstall(ground: PackageGround, wishes: PipWishes): Promise<void> {
  const { packages, requirements, args, cwd, venv, policy, breakSystem } = wishes;
  const { hashed } = readRequirements(cwd, requirements);
  const verified = hashed && packages.length === 0;
  const tool = await findPythonTool(ground, wishes);
  const words = [
    'install',
    ...(verified ? ['--require-hashes'] : []),
    ...(breakSystem ? ['--break-system-packages'] : []),
    ...requirements.flatMap((path) => ['-r', path]),
    ...args,
  ];
  const indexes = await listIndexes(ground, tool, wishes);
  const made = await makeVenv(ground, tool, wishes);
  const folder = await mkdtemp(join(tmpdir(), 'contextcore-pip-'));
  const log = join(folder, 'log');
  try {
    await ground.guard.callAny(
      `pip:${indexes[0]?.target.name}`,
      indexes,
      async ({ options, url }, { signal }) => {
        ground.progress(`${tool.name} install (${url})`);
        await rm(log, { force: true });
        const command = tool.pip([...words, ...options, ...packages]);
        // A log that the user wants, in the environment or the arguments, stays the user's.
        const env = ground.env.PIP_LOG === undefined ? { PIP_LOG: log, ...command.env } : command.env;
        await ground.exec({ ...command, ...(env === undefined ? {} : { env }), signal }).catch((thrown: unknown) => {
          throw explainPip(thrown, log);
        });
      },
      {
        policy: packagePolicy(policy, indexes.length),
        verified,
        signal: ground.signal,
        between: async ({ class: errorClass }, signal) => {
          if (errorClass !== 'checksum') return;
          const what = [tool.purge.file, ...(tool.purge.args ?? [])].join(' ');
          ground.notice(`a checksum is wrong: ${what}`, 'warning');
          ground.log(`repair: ${what}`);
          const { exitCode, stderr } = await ground.query({ ...tool.purge, signal });
          if (exitCode === 0) return;
          ground.notice(`the cache could not be emptied: ${stderr.trim().split('\n').at(-1)}`, 'warning');
        },
      },
    );
  } catch (thrown) {
    if (made && venv !== undefined) await rm(resolve(cwd, venv), { recursive: true, force: true, maxRetries: 3 });
    throw thrown;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function listIndexes(ground: PackageGround, tool: PythonTool, wishes: PipWishes): Promise<readonly Index[]> {
  const configured = await configuredIndex(ground, tool, wishes);
  const others = wishes.indexes.map((url) => {
    if (!URL.canParse(url)) {
      throw new InstallerError('config', `the index ${url} is no address`, { hint: 'such as https://pypi.org/simple' });
    }
    const options = [tool.name === 'uv' ? '--default-index' : '--index-url', url];
    return { url, target: targetOf('pip', url), options };
  });
  return [{ url: configured, target: targetOf('pip', configured), options: [] }, ...others];
}

/** Only to name it: neither breaker nor statistics depend on more than its host. */
async function configuredIndex(ground: PackageGround, tool: PythonTool, { env }: PipWishes): Promise<string> {
  const all = { ...ground.env, ...env };
  const names = tool.name === 'uv' ? ['UV_DEFAULT_INDEX', 'UV_INDEX_URL'] : ['PIP_INDEX_URL'];
  const set = names.map((name) => all[name]).find((value) => value !== undefined && URL.canParse(value));
  if (set !== undefined) return set;
  const asked = tool.name === 'pip' ? await ground.query(tool.pip(['config', 'get', 'global.index-url'])) : undefined;
  const found = asked?.exitCode === 0 ? asked.stdout.trim() : '';
  return URL.canParse(found) ? found : 'https://pypi.org/simple';
}
