import { randomUUID } from 'node:crypto';
import { closeSync, fsyncSync, mkdirSync, openSync, statSync } from 'node:fs';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

/** A name beside `path` that nobody else uses: two writers never share a temporary file. */
export function temporaryName(path: string): string {
  return `${path}.${randomUUID()}.tmp`;
}

/** Whether an entry of a folder is a temporary file beside the file `name`: what a writer that was killed has left. */
export function isTemporaryOf(name: string, entry: string): boolean {
  return entry.startsWith(`${name}.`) && /^[\da-f-]{36}\.tmp$/.test(entry.slice(name.length + 1));
}

/**
 * Replaces a file so that, whatever happens, either the old or the new content is there; when it resolves, the new one
 * survives a power cut.
 *
 * @param mode its rights, whatever the umask. Default: 0600
 */
export async function writeDurably(path: string, content: string | Buffer, mode?: number): Promise<void> {
  await moveDurably(await writeTemporary(path, content, mode), path);
}

/** Writes and fsyncs a temporary file beside `path`; on failure nothing of it is left, so that it takes no space. */
export async function writeTemporary(path: string, content: string | Buffer, mode?: number): Promise<string> {
  const temporary = temporaryName(path);
  let file: FileHandle | undefined;
  try {
    file = await open(temporary, 'wx', 0o600);
    const bytes = Buffer.from(content);
    // A disk that fills up writes less than asked; only the next call says why.
    for (let done = 0; done < bytes.length; ) {
      done += (await file.write(bytes, done, bytes.length - done, done)).bytesWritten;
    }
    if (mode !== undefined) await file.chmod(mode);
    await file.sync();
    await file.close();
    return temporary;
  } catch (thrown) {
    await file?.close().catch(() => undefined);
    await rm(temporary, { force: true }).catch(() => undefined);
    throw thrown;
  }
}

/** Renames over `to`, and makes that survive a power cut. */
async function moveDurably(from: string, to: string): Promise<void> {
  try {
    await rename(from, to);
  } catch (thrown) {
    await rm(from, { force: true }).catch(() => undefined);
    throw thrown;
  }
  await syncFolder(dirname(to));
}

/** Makes entries of a folder (created, renamed, removed) survive a power cut. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Makes a folder and those above it, 0700, so that they survive a power cut. Folders that are there stay as they are. */
export function makeFolderDurably(folder: string): void {
  // One by one: node's recursive mkdir says ENOENT where the system says EROFS.
  if (isFolder(folder)) return;
  makeFolderDurably(dirname(folder));
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (thrown) {
    // Another process may have been quicker.
    if (!isFolder(folder)) throw thrown;
  }
  syncFolderNow(dirname(folder));
}

function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function syncFolderNow(folder: string): void {
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
