import { copyFile, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { syncFolder } from '../system/durable-file.ts';

/** The name of a file's copy of this moment, beside it. */
function datedName(path: string, now: Date): string {
  return `${path}.${now.toISOString().replaceAll(':', '-')}.bak`;
}

/**
 * Keeps a durable copy of a file beside it; the file stays.
 *
 * @returns the copy's path
 */
export async function keepDatedCopy(path: string, now = new Date()): Promise<string> {
  const copy = datedName(path, now);
  await copyFile(path, copy);
  const handle = await open(copy, 'r+');
  try {
    await handle.chmod(0o600);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await syncFolder(dirname(path));
  return copy;
}

/** Moves a file to the name of its dated copy. @returns the copy's path; undefined when there is no such file */
export async function moveToDatedCopy(path: string, now = new Date()): Promise<string | undefined> {
  const copy = datedName(path, now);
  try {
    await rename(path, copy);
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return undefined;
    throw thrown;
  }
  await syncFolder(dirname(path));
  return copy;
}
