import { existsSync, lstatSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/** Writes a plan (or any file of a test) and gives its path. */
export function writeFile(folder: string, name: string, text: string, mode = 0o644): string {
  const path = join(folder, name);
  writeFileSync(path, text, { mode });
  return path;
}

/** Lines of a file that steps append to; none when it is not there. */
export function linesOf(path: string): readonly string[] {
  return existsSync(path) ? readFileSync(path, 'utf8').split('\n').filter(Boolean) : [];
}

/** Path of the readable state document. */
export function statePath(home: string, plan = 'create-cluster', cluster = 'o11y-dev'): string {
  return join(home, 'state', cluster, plan, 'install-state.json');
}

export interface StateFile {
  version: string;
  cluster_name: string;
  steps: Record<string, { status: string; attempts?: number; outputs?: Record<string, unknown>; error?: unknown }>;
  last_run?: { result: string };
  [field: string]: unknown;
}

export function readStateFile(home: string, plan?: string, cluster?: string): StateFile {
  return JSON.parse(readFileSync(statePath(home, plan, cluster), 'utf8')) as StateFile;
}

/** All paths below a folder, links not followed. */
export function pathsBelow(folder: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .sort();
}

/**
 * What a second look must find again: inode, size, rights and time of change of everything below a folder.
 *
 * @param without parts of relative paths that are left out
 */
export function snapshot(folder: string, without: RegExp = /$^/): Readonly<Record<string, string>> {
  const entries = pathsBelow(folder).flatMap((path): [string, string][] => {
    const name = relative(folder, path);
    if (without.test(name)) return [];
    const stat = lstatSync(path);
    return [[name, [stat.ino, stat.size, stat.mode.toString(8), stat.isDirectory() ? '' : stat.mtimeMs].join(' ')]];
  });
  return Object.fromEntries(entries);
}

/** Files below a folder that hold any of the texts. */
export function filesHolding(folder: string, texts: readonly string[]): readonly string[] {
  return pathsBelow(folder).filter((path) => {
    if (!lstatSync(path).isFile()) return false;
    const content = readFileSync(path, 'latin1');
    return texts.some((text) => content.includes(text));
  });
}
