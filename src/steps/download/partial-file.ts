import { randomBytes } from 'node:crypto';
import { type FileHandle, mkdir, open, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { classifyError } from '../../errors/classify-error.ts';
import { InstallerError } from '../../errors/installer-error.ts';
import { syncFolder } from '../../system/durable-file.ts';
import { isAlive } from '../../system/process-table.ts';
import { addRange, type ByteRanges, countBytes } from './byte-ranges.ts';
import { ABOUT_FILE, type About, DATA_FILE, type Leftover, listLeftovers, readLeftover } from './leftovers.ts';

/**
 * A file in the making: a folder beside its target, under a name that nobody takes for it, with what is there so far and
 * a note of where it is from. The process that writes it stands in the name: whoever renames the folder owns it.
 */
export interface PartialFile {
  /** Path of what is there so far. */
  readonly path: string;
  readonly file: FileHandle;
  readonly about: About;
  /** What is written. */
  readonly done: ByteRanges;
  readonly bytes: number;
  /** Forgets what is there, and notes where the new content is from. */
  begin(about: About): Promise<void>;
  /** Notes more of what is known of the same content. */
  learn(about: About): void;
  write(bytes: Uint8Array, position: number): Promise<void>;
  /** Makes what is written, and the note of it, survive a power cut. */
  checkpoint(): Promise<void>;
  /** Makes it the file at `target`, on the same disk, durably. @param mode permission bits */
  publish(target: string, mode: number): Promise<void>;
  /** Leaves it for a later attempt or run; removes it when there is nothing in it. */
  keep(): Promise<void>;
  discard(): Promise<void>;
}

/**
 * Opens what an earlier attempt or run has left of `target`, else a new one. Leftovers that nobody can continue are
 * removed; those of living processes are left alone.
 *
 * @param fits tells whether a leftover may be continued
 */
export async function openPartialFile(target: string, fits: (about: About) => boolean): Promise<PartialFile> {
  const nameFor = (pid: number) =>
    join(dirname(target), `.${basename(target)}.${pid}-${randomBytes(4).toString('hex')}.part`);
  const own = nameFor(process.pid);
  const adopted = await adopt(target, own, fits);
  if (adopted === undefined) await mkdir(own, { mode: 0o700 });
  const file = await open(join(own, DATA_FILE), adopted === undefined ? 'wx+' : 'r+', 0o600);
  return createPartialFile(own, file, adopted, () => nameFor(0));
}

function createPartialFile(
  folder: string,
  file: FileHandle,
  adopted: Leftover | undefined,
  released: () => string,
): PartialFile {
  let about: About = adopted?.about ?? {};
  let done: ByteRanges = adopted?.done ?? [];
  let noted: Promise<void> = Promise.resolve();
  const remove = async () => {
    await file.close().catch(() => undefined);
    await rm(folder, { recursive: true, force: true });
  };
  const note = async (written: ByteRanges) => {
    const path = join(folder, ABOUT_FILE);
    await writeFile(`${path}.new`, JSON.stringify({ version: 1, ...about, done: written }), { mode: 0o600 });
    await rename(`${path}.new`, path);
  };
  const partial: PartialFile = {
    path: join(folder, DATA_FILE),
    file,
    get about() {
      return about;
    },
    get done() {
      return done;
    },
    get bytes() {
      return countBytes(done);
    },
    async begin(next) {
      about = next;
      done = [];
      await noted;
      await rm(join(folder, ABOUT_FILE), { force: true });
      await file.truncate(0);
    },
    learn(more) {
      about = { ...about, ...more };
    },
    async write(bytes, position) {
      for (let at = 0; at < bytes.byteLength; ) {
        at += (await file.write(bytes, at, bytes.byteLength - at, position + at).catch(explainWrite)).bytesWritten;
      }
      done = addRange(done, position, position + bytes.byteLength);
    },
    async checkpoint() {
      const [what, written] = [about, done];
      await file.datasync();
      // Begun anew meanwhile: what was written is not there any more.
      if (written.length === 0 || done.length === 0 || what.source !== about.source) return;
      noted = note(written);
      await noted;
    },
    async publish(target, mode) {
      await file.chmod(mode);
      await file.sync();
      await file.close();
      await rename(partial.path, target);
      await syncFolder(dirname(target));
      await remove();
    },
    async keep() {
      if (done.length === 0) return await remove();
      await partial.checkpoint();
      await file.close();
      await rename(folder, released());
    },
    discard: remove,
  };
  return partial;
}

async function adopt(target: string, own: string, fits: (about: About) => boolean): Promise<Leftover | undefined> {
  let adopted: Leftover | undefined;
  for (const { path, pid } of await listLeftovers(target)) {
    if (pid === process.pid || (pid !== 0 && isAlive(pid, 0))) continue;
    const found = await readLeftover(path);
    if (adopted !== undefined || found === undefined || !fits(found.about)) {
      await rm(path, { recursive: true, force: true });
      continue;
    }
    try {
      // Of several who want it, one can rename it.
      await rename(path, own);
      adopted = found;
    } catch {
      // It has found another owner.
    }
  }
  return adopted;
}

function explainWrite(thrown: unknown): never {
  if (classifyError(thrown) !== 'disk_full') throw thrown;
  throw new InstallerError('step_failed', 'the disk is full; what was written of the file is removed', {
    class: 'disk_full',
    hint: 'make room on that disk, then run the same command again',
    cause: thrown,
  });
}
