import { closeSync, fstatSync, ftruncateSync, openSync, statSync, writeSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { type KernelLocks, loadKernelLocks } from './kernel-lock.ts';
import { tryRecordLock } from './lock-by-record.ts';
import { type Holder, isLiving, readRecord } from './lock-holder.ts';

/** A lock held by this process; the kernel frees it when the process ends, however that happens. */
export interface LockHandle {
  release(): Promise<void>;
}

/** A holder writes its record right after it got the lock, and `unlock --list` tries locks for an instant. */
const TRIES = 6;
const BETWEEN_MS = 50;

/**
 * Takes the lock of a file (which is made, and never removed) if nobody has it.
 *
 * @param own written into the file, for whoever is refused
 * @returns the lock, or who has it as far as that is known
 * @throws NodeJS.ErrnoException when the file cannot be written
 */
export async function tryFileLock(
  path: string,
  own: Holder,
  locks: KernelLocks | undefined,
): Promise<LockHandle | { holder: Holder | undefined }> {
  if (locks === undefined) return tryRecordLock(path, own);
  for (let tried = 1; ; tried += 1) {
    const fd = openSync(path, 'a+', 0o600);
    if (locks.tryLock(fd) && isSameFile(fd, path)) return hold(fd, own);
    closeSync(fd);
    const holder = readRecord(path);
    if ((holder !== undefined && isLiving(holder)) || tried === TRIES) return { holder };
    await sleep(BETWEEN_MS);
  }
}

/** Whether somebody holds the lock of a file now; the file is left as it is. */
export async function isLocked(path: string): Promise<boolean> {
  const locks = await loadKernelLocks();
  let fd: number | undefined;
  try {
    fd = openSync(path, 'r');
    return locks !== undefined && !locks.tryLock(fd, true);
  } catch {
    // No lock file: nobody ever took it.
    return false;
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

function hold(fd: number, own: Holder): LockHandle {
  try {
    ftruncateSync(fd);
    writeSync(fd, `${JSON.stringify(own)}\n`);
  } catch (thrown) {
    closeSync(fd);
    throw thrown;
  }
  let held = true;
  return {
    release: async () => {
      if (!held) return;
      held = false;
      // The file stays: were it removed, two processes could lock two files of that name.
      ftruncateSync(fd);
      closeSync(fd);
    },
  };
}

/** Somebody may have removed or replaced the file between opening and locking it. */
function isSameFile(fd: number, path: string): boolean {
  const there = statSync(path, { throwIfNoEntry: false });
  const { ino, dev } = fstatSync(fd);
  return there !== undefined && there.ino === ino && there.dev === dev;
}
