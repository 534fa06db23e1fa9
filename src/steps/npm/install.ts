import { existsSync } from 'node:fs';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InstallerError, toInstallerError } from '../../errors/installer-error.ts';
import type { RetryPolicy } from '../../resilience/policy.ts';
import { type Target, targetOf } from '../../resilience/target.ts';
import type { CommandPlace } from '../command.ts';
import type { PackageGround } from '../packages/ground.ts';
import { packagePolicy } from '../packages/policy.ts';
import { findLock, isVerified, replaceRegistry } from './project.ts';

export interface NpmWishes extends CommandPlace {
  /** As `npm install` takes them; none: what the project in `cwd` asks for. */
  packages: readonly string[];
  /** Further words for npm, such as `--global`. */
  args: readonly string[];
  /** Addresses, tried in this order behind the registry that npm is configured for. */
  registries: readonly string[];
  policy: Partial<RetryPolicy>;
}

interface Registry {
  url: string;
  target: Target;
  options: readonly string[];
}

/** Quiet, and nothing is retried in two places. */
const OPTIONS = ['--no-audit', '--no-fund', '--fetch-retries=0', '--yes'];
const ENVIRONMENT = { npm_config_update_notifier: 'false' };

/**
 * `npm ci` where there is a lock file and no package was named, else `npm install`, until it works: the cache is mended
 * between attempts, registries are tried in turn, and what a failed attempt has left is removed.
 *
 * @throws InstallerError of the last attempt
 */
export async function npmInstall(ground: PackageGround, wishes: NpmWishes): Promise<void> {
  const { packages, args, cwd, policy } = wishes;
  const modules = join(cwd, 'node_modules');
  const isOurs = !isGlobal(args) && !existsSync(modules);
  const lock = packages.length === 0 && !isGlobal(args) ? findLock(cwd) : undefined;
  const words = lock === undefined ? ['install', ...args, ...packages] : ['ci', ...args];
  const registries = await listRegistries(ground, wishes);
  let damages = 0;
  const removePartial = async (): Promise<void> => {
    if (!isOurs || !existsSync(modules)) return;
    ground.log('what the failed attempt has left in node_modules is removed');
    await rm(modules, { recursive: true, force: true, maxRetries: 3 });
  };
  try {
    await ground.guard.callAny(
      `npm:${registries[0]?.target.name}`,
      registries,
      async ({ options, url }, { signal }) => {
        ground.progress(`npm ${words[0]} (${url})`);
        const command = npmCommand(wishes, [...words, ...OPTIONS, ...options]);
        await ground.exec({ ...command, signal }).catch(inItsWords);
        if (options.length > 0) await keepRegistry(cwd, url, registries[0]?.url);
      },
      {
        policy: packagePolicy(policy, registries.length),
        verified: lock !== undefined && isVerified(lock),
        signal: ground.signal,
        between: async ({ class: errorClass }, signal) => {
          await removePartial();
          if (errorClass !== 'checksum') return;
          damages += 1;
          await mendCache(ground, wishes, damages, signal);
        },
      },
    );
  } catch (thrown) {
    await removePartial();
    throw thrown;
  }
}

export function isGlobal(args: readonly string[]): boolean {
  return args.some((word) => ['-g', '--global', '--location=global'].includes(word));
}

/** @throws InstallerError class `not_runnable` when it is not there, from whoever runs it */
export function npmCommand({ cwd, env, secrets = [] }: CommandPlace, words: readonly string[]) {
  return { file: 'npm', args: words, cwd, env: { ...ENVIRONMENT, ...env }, secrets };
}

async function listRegistries(ground: PackageGround, wishes: NpmWishes): Promise<readonly Registry[]> {
  const { stdout } = await ground.query(npmCommand(wishes, ['config', 'get', 'registry']));
  const own = stdout.trim().split('\n').at(-1) ?? '';
  const configured = URL.canParse(own) ? own : 'https://registry.npmjs.org/';
  const others = wishes.registries.map((url) => {
    if (!URL.canParse(url)) {
      throw new InstallerError('config', `the registry ${url} is no address`, {
        hint: 'such as https://registry.example.org/npm/',
      });
    }
    // Addresses in the lock file are those of the first registry.
    const options = [`--registry=${url}`, '--replace-registry-host=always'];
    return { url, target: targetOf('npm', url), options };
  });
  return [{ url: configured, target: targetOf('npm', configured), options: [] }, ...others];
}

/** A lock file must not send everybody to the registry that stepped in. */
async function keepRegistry(cwd: string, from: string, to: string | undefined): Promise<void> {
  const lock = findLock(cwd);
  if (lock === undefined || to === undefined) return;
  const text = await readFile(lock, 'utf8');
  const kept = replaceRegistry(text, from, to);
  if (kept !== text) await writeFile(lock, kept);
}

/** Gentle first: what is corrupt is thrown out of the cache; if that did not help, all of it. */
async function mendCache(
  ground: PackageGround,
  place: CommandPlace,
  times: number,
  signal: AbortSignal,
): Promise<void> {
  const words = times === 1 ? ['cache', 'verify'] : ['cache', 'clean', '--force'];
  ground.notice(`a checksum is wrong: npm ${words.join(' ')}`, 'warning');
  ground.log(`repair: npm ${words.join(' ')}`);
  await ground.query({ ...npmCommand(place, words), signal });
}

/** npm's exit code says nothing; its code and the line behind do. */
function inItsWords(thrown: unknown): never {
  const error = toInstallerError(thrown);
  const { tail = [], childExit } = error.details;
  const lines = tail.flatMap((line) => /^npm (?:error|ERR!) (.*)$/.exec(line)?.[1] ?? []);
  const code = lines.find((line) => /^code \w+$/.test(line))?.slice('code '.length);
  const said = lines.find((line) => !/^(code|errno|syscall|path|A complete log)\b/.test(line) && line.length > 1);
  if (childExit === undefined || (code === undefined && said === undefined)) throw thrown;
  throw new InstallerError(error.code, `npm: ${[code, said?.trim()].filter(Boolean).join(': ')}`, error.details);
}
