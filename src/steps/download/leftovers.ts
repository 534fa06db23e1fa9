import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { ByteRanges } from './byte-ranges.ts';

export const DATA_FILE = 'data';
export const ABOUT_FILE = 'about.json';

/** Where the bytes of a partial file are from, and what tells whether the rest still belongs to them. */
export interface About {
  /** Address without query and credentials. */
  source?: string;
  /** A strong one (RFC 9110, section 8.8.3). */
  etag?: string;
  lastModified?: string;
  /** Whether the server gives parts of it. */
  parts?: boolean;
  /** Of the whole file. */
  size?: number;
  /** The checksum that it is to have: with one, any source may continue it. */
  sum?: string;
}

export interface Leftover {
  about: About;
  done: ByteRanges;
}

/** Folders in which partial files of `target` are; pid 0: of nobody any more. */
export async function listLeftovers(target: string): Promise<readonly { path: string; pid: number }[]> {
  const prefix = `.${basename(target)}.`;
  const names = await readdir(dirname(target));
  return names.sort().flatMap((name) => {
    if (!name.startsWith(prefix)) return [];
    const pid = /^(\d+)-[0-9a-f]{8}\.part$/.exec(name.slice(prefix.length))?.[1];
    return pid === undefined ? [] : [{ path: join(dirname(target), name), pid: Number(pid) }];
  });
}

/** What a folder holds; undefined when that cannot be told, or not all of what it says is there. */
export async function readLeftover(folder: string): Promise<Leftover | undefined> {
  try {
    const found: unknown = JSON.parse(await readFile(join(folder, ABOUT_FILE), 'utf8'));
    const { size: length } = await stat(join(folder, DATA_FILE));
    if (typeof found !== 'object' || found === null || !('done' in found) || !areRanges(found.done, length)) {
      return undefined;
    }
    const { source, etag, lastModified, size, sum } = found as About;
    const text = Object.entries({ source, etag, lastModified, sum }).filter(([, value]) => typeof value === 'string');
    return {
      about: { ...Object.fromEntries(text), ...(typeof size === 'number' ? { size } : {}) },
      done: found.done,
    };
  } catch {
    return undefined;
  }
}

function areRanges(value: unknown, length: number): value is ByteRanges {
  if (!Array.isArray(value)) return false;
  let at = -1;
  return value.every((range: unknown) => {
    if (!Array.isArray(range) || range.length !== 2) return false;
    const [from, to] = range as unknown[];
    const fits = Number.isSafeInteger(from) && Number.isSafeInteger(to) && (from as number) > at;
    const grows = (to as number) > (from as number) && (to as number) <= length;
    at = to as number;
    return fits && grows;
  });
}
