import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Lock files that `npm ci` takes, in its order. */
const LOCKS = ['npm-shrinkwrap.json', 'package-lock.json'] as const;

interface LockedPackage {
  version?: string;
  integrity?: string;
  resolved?: string;
  link?: boolean;
  optional?: boolean;
  inBundle?: boolean;
}

type Locked = Readonly<Record<string, LockedPackage>>;

/** Path of a project's lock file; undefined when it has none. */
export function findLock(folder: string): string | undefined {
  return LOCKS.map((name) => join(folder, name)).find((path) => existsSync(path));
}

/** Packages of a lock file by their paths; undefined when it is not there, or is none that npm 7 and later write. */
function readLocked(path: string): Locked | undefined {
  try {
    return (JSON.parse(readFileSync(path, 'utf8')) as { packages?: Locked }).packages;
  } catch {
    return undefined;
  }
}

/** Whether a lock file holds the checksum of all that comes from a registry: then it does not matter from which. */
export function isVerified(lock: string): boolean {
  const locked = readLocked(lock);
  return (
    locked !== undefined &&
    Object.entries(locked).every(
      ([path, { integrity, link, inBundle }]) =>
        integrity !== undefined || link === true || inBundle === true || !path.includes('node_modules/'),
    )
  );
}

/**
 * What of a lock file is not installed, by npm's own record of it (https://docs.npmjs.com/cli/configuring-npm/package-lock-json#hidden-lockfiles).
 *
 * @returns one line each; optional packages may be missing, since they may be another platform's
 */
export function compareLock(folder: string, lock: string): readonly string[] {
  const wanted = readLocked(lock);
  const there = readLocked(join(folder, 'node_modules/.package-lock.json'));
  if (wanted === undefined) return [`${lock} cannot be read`];
  if (there === undefined) return ['nothing is installed'];
  return Object.entries(wanted).flatMap(([path, { version, integrity, optional }]) => {
    if (!path.includes('node_modules/')) return [];
    const found = existsSync(join(folder, path)) ? there[path] : undefined;
    if (found === undefined) return optional === true ? [] : [`${path} is not installed`];
    const same = found.version === version && found.integrity === integrity;
    return same ? [] : [`${path} is ${found.version}, not ${version}`];
  });
}

/** One package as `npm install` takes it. */
export interface NpmWish {
  /** Undefined for a folder, an archive or a repository: only npm knows its name. */
  name?: string;
  /** Exact version; undefined when any will do, or a range was given. */
  version?: string;
}

export function parseWish(text: string): NpmWish {
  const [, name, range] = /^((?:@[a-z0-9][\w.-]*\/)?[a-z0-9][\w.-]*)(?:@(.+))?$/i.exec(text) ?? [];
  if (name === undefined || (range === undefined && /\.(tgz|tar\.gz|tar)$/.test(text))) return {};
  return /^\d+\.\d+\.\d+(-[\w.]+)?$/.test(range ?? '') && range !== undefined ? { name, version: range } : { name };
}

/**
 * What of the wishes is not there: one line each.
 *
 * @param listed what `npm ls --depth=0 --json` says
 */
export function findMissing(listed: string, wishes: readonly NpmWish[]): readonly string[] {
  const installed = namesIn(listed);
  return wishes.flatMap(({ name, version }) => {
    if (name === undefined) return ['an address or a path: only npm knows whether it is installed'];
    const found = installed.get(name);
    if (found === undefined) return [`${name} is not installed`];
    return version === undefined || found === version ? [] : [`${name} is ${found}, not ${version}`];
  });
}

/** Versions of what is installed on the first level, by name. @param listed what `npm ls --depth=0 --json` says */
export function namesIn(listed: string): ReadonlyMap<string, string> {
  try {
    const { dependencies = {} } = JSON.parse(listed) as {
      dependencies?: Record<string, { version?: string; missing?: boolean; invalid?: unknown }>;
    };
    const present = Object.entries(dependencies).filter(([, one]) => one.missing !== true && !one.invalid);
    return new Map(present.map(([name, { version = '' }]) => [name, version]));
  } catch {
    return new Map();
  }
}

/** The text of a lock file with the addresses of one registry in place of those of another. */
export function replaceRegistry(text: string, from: string, to: string): string {
  const base = (url: string) => `"resolved": "${url.replace(/\/*$/, '/')}`;
  return text.replaceAll(base(from), base(to));
}
