import { createHash, randomBytes } from 'node:crypto';
import { type FileHandle, open, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isAlive } from '../../system/process-table.ts';

/** A file in the making: beside its target, under a name that nobody takes for it. */
export interface PartialFile {
  write(chunk: Uint8Array): Promise<void>;
  /** Bytes written so far, and their SHA-256 in hex. */
  readonly bytes: number;
  digest(): string;
  /** Makes it the target, durably. */
  publish(): Promise<void>;
  /** Removes it unless it was published. */
  discard(): Promise<void>;
}

/**
 * Starts a file beside `target`. Leftovers of runs that were killed while they wrote the same target are removed.
 *
 * @param mode permission bits of the published file
 */
export async function createPartialFile(target: string, mode: number): Promise<PartialFile> {
  await removeLeftovers(target);
  const path = join(dirname(target), `.${basename(target)}.${process.pid}-${randomBytes(4).toString('hex')}.part`);
  const hash = createHash('sha256');
  const file = await open(path, 'wx', 0o600);
  let bytes = 0;
  let published = false;
  return {
    async write(chunk) {
      hash.update(chunk);
      await file.writeFile(chunk);
      bytes += chunk.byteLength;
    },
    get bytes() {
      return bytes;
    },
    digest: () => hash.copy().digest('hex'),
    async publish() {
      await file.chmod(mode);
      await file.sync();
      await file.close();
      await rename(path, target);
      published = true;
      await syncFolder(dirname(target));
    },
    async discard() {
      if (published) return;
      await close(file);
      await rm(path, { force: true });
    },
  };
}

async function close(file: FileHandle): Promise<void> {
  // Closed already when publishing failed after that.
  await file.close().catch(() => undefined);
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function removeLeftovers(target: string): Promise<void> {
  const prefix = `.${basename(target)}.`;
  for (const name of await readdir(dirname(target))) {
    const pid = name.startsWith(prefix) ? /^(\d+)-[0-9a-f]{8}\.part$/.exec(name.slice(prefix.length))?.[1] : undefined;
    if (pid !== undefined && !isAlive(Number(pid), 0)) await rm(join(dirname(target), name), { force: true });
  }
}
