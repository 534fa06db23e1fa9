import { mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import * as z from 'zod';
import { writeDurably } from '../system/durable-file.ts';
import type { Platform } from './platform.ts';

/** Platforms by digest, kept between commands: a digest never names anything else, so nothing of it grows old. */
export interface KnownPlatforms {
  get(digest: string): readonly Platform[] | undefined;
  add(digest: string, platforms: readonly Platform[]): void;
  /** Best effort: what is not kept is asked for again. */
  save(): Promise<void>;
}

const MAX_KEPT = 5_000;
const platform = z.object({ os: z.string(), architecture: z.string(), variant: z.string().optional() });
const content = z.record(z.string(), z.array(platform));

/** @param path of the file; whatever is wrong with it, it is as good as empty */
export async function openKnownPlatforms(path: string): Promise<KnownPlatforms> {
  const known = new Map<string, readonly Platform[]>(Object.entries(await readKnown(path)));
  let changed = false;
  return {
    get: (digest) => known.get(digest),
    add(digest, platforms) {
      known.set(digest, platforms);
      changed = true;
    },
    async save() {
      if (!changed) return;
      const kept = Object.fromEntries([...known].slice(-MAX_KEPT));
      try {
        await mkdir(dirname(path), { recursive: true, mode: 0o700 });
        await writeDurably(path, `${JSON.stringify(kept)}\n`);
      } catch {
        // Such as a disk that is full: the answer is right without it.
      }
    },
  };
}

async function readKnown(path: string): Promise<z.infer<typeof content>> {
  try {
    return content.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return {};
  }
}
