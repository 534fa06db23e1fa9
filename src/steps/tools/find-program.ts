import { constants } from 'node:fs';
import { access, stat } from 'node:fs/promises';
import { delimiter, isAbsolute, join } from 'node:path';
import type { Command, QueryResult } from '../../engine/step.ts';
import { toInstallerError } from '../../errors/installer-error.ts';
import type { ProgramPin } from './pins.ts';
import { lacksAssets } from './relocate.ts';
import { isAtLeast, parseVersion } from './version.ts';

export interface FindOptions {
  /** For PATH. */
  env: Readonly<Record<string, string | undefined>>;
  /** Folder of downloaded programs, looked at after the PATH. */
  binDir: string;
  /** Runs a program for a short answer; the step context's own. */
  query(command: Command): Promise<QueryResult>;
}

export interface FoundProgram {
  name: string;
  /** Absolute. */
  path: string;
  version: string;
  from: 'path' | 'bin';
}

/** A program of that name which cannot be used. */
export interface RejectedProgram {
  path: string;
  /** Such as `0.11.1 is older than 0.20.0`. */
  why: string;
}

const PROBE_TIMEOUT_MS = 10_000;

/**
 * Looks for a program that runs and is new enough: on the PATH, then in the folder of downloaded ones.
 *
 * @returns the first that fits, and those before it that do not
 */
export async function findProgram(
  pin: ProgramPin,
  options: FindOptions,
): Promise<{ found?: FoundProgram; rejected: readonly RejectedProgram[] }> {
  const rejected: RejectedProgram[] = [];
  for (const { path, from } of await candidatesOf(pin, options)) {
    const version = await probe(pin, path, options.query);
    if ('why' in version) rejected.push({ path, why: version.why });
    else if (!isAtLeast(version.version, pin.minVersion)) {
      rejected.push({ path, why: `${version.version} is older than ${pin.minVersion}` });
    } else if (pin.debian?.assets !== undefined && (await lacksAssets(path, pin.debian.assets))) {
      rejected.push({ path, why: `its files are not in ${pin.debian.assets}` });
    } else return { found: { name: pin.name, path, version: version.version, from }, rejected };
  }
  return { rejected };
}

/** Absolute path of the first executable of that name on the PATH. */
export async function whichProgram(name: string, env: FindOptions['env']): Promise<string | undefined> {
  for (const folder of foldersOf(env)) {
    const path = join(folder, name);
    if (await isExecutable(path)) return path;
  }
  return undefined;
}

/** Asks a program for its version; it also shows that the program runs at all. */
export async function probe(
  pin: Pick<ProgramPin, 'versionArgs'>,
  path: string,
  query: FindOptions['query'],
): Promise<{ version: string } | { why: string }> {
  try {
    const answer = await query({ file: path, args: pin.versionArgs, timeoutMs: PROBE_TIMEOUT_MS });
    const version = parseVersion(`${answer.stdout}\n${answer.stderr}`);
    if (answer.exitCode !== 0)
      return { why: `does not run: "${pin.versionArgs.join(' ')}" exits with ${answer.exitCode}` };
    return version === undefined ? { why: 'does not tell its version' } : { version };
  } catch (thrown) {
    return { why: `does not run: ${toInstallerError(thrown).message}` };
  }
}

async function candidatesOf(
  pin: ProgramPin,
  { env, binDir }: FindOptions,
): Promise<{ path: string; from: 'path' | 'bin' }[]> {
  const names = [pin.name, ...(pin.aliases ?? [])];
  const places = [
    ...foldersOf(env).flatMap((folder) => names.map((name) => ({ path: join(folder, name), from: 'path' as const }))),
    { path: join(binDir, pin.name), from: 'bin' as const },
  ];
  const usable = await Promise.all(places.map((place) => isExecutable(place.path)));
  return places.filter((_place, index) => usable[index] === true);
}

/** Relative entries are left out: what they mean depends on where one stands. */
function foldersOf(env: FindOptions['env']): string[] {
  return [...new Set((env.PATH ?? '').split(delimiter))].filter((folder) => isAbsolute(folder));
}

async function isExecutable(path: string): Promise<boolean> {
  try {
    await access(path, constants.X_OK);
    return (await stat(path)).isFile();
  } catch {
    return false;
  }
}
