import { readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createMemoryStore, type SharedStore } from '../resilience/shared-store.ts';
import { makeFolderDurably, temporaryName } from '../system/durable-file.ts';
import { isAlive, readStartTicks } from '../system/process-table.ts';
import { type LockHandle, tryFileLock } from './file-lock.ts';
import { loadKernelLocks } from './kernel-lock.ts';
import { ownHolder } from './lock-holder.ts';

const SUFFIX = '.json';
/** A change takes a millisecond; whoever holds the lock for longer is stopped or stuck. */
const WAIT_MS = 3_000;
const POLL_MS = 10;

/** Folder of what all runs of a home know of the services that they depend on. */
export function sharedFolder(home: string): string {
  return join(home, 'resilience');
}

/**
 * Records as files of a folder, one lock for all of them. Best effort: what the disk does not take is kept for this
 * process, and what cannot be read is as good as not there, because nothing here may ever stop an installation.
 * Renamed into place but not fsynced: a power cut may cost what was learnt in the last seconds.
 *
 * @param waitMs how long to wait for others, before a change is kept for this process
 */
export function createDiskStore(folder: string, waitMs = WAIT_MS): SharedStore {
  const memory = createMemoryStore();
  /** Changes of this process wait for one another here, so that only other processes are polled for. */
  let last: Promise<unknown> = Promise.resolve();
  const pathOf = (id: string): string => join(folder, `${encodeURIComponent(id)}${SUFFIX}`);
  const read = (id: string): unknown => memory.read(id) ?? readJson(pathOf(id));

  const changeOnDisk = async <T>(
    id: string,
    change: (current: unknown) => { next: unknown; result: T },
  ): Promise<T> => {
    const lock = await takeLock(folder, waitMs);
    if (lock === undefined) return memory.update(id, () => change(read(id)));
    try {
      const { next, result } = change(read(id));
      if (writeJson(pathOf(id), next)) await memory.update(id, () => ({ next: undefined, result }));
      else await memory.update(id, () => ({ next, result }));
      return result;
    } finally {
      await lock.release();
    }
  };

  return {
    self: { pid: process.pid, startTicks: readStartTicks(process.pid) },
    isAlive: ({ pid, startTicks }) => isAlive(pid, startTicks),
    read,
    update: (id, change) => {
      const result = last.then(() => changeOnDisk(id, change));
      last = result.catch(() => undefined);
      return result;
    },
    list: () => {
      const names = namesIn(folder).flatMap((name) =>
        name.endsWith(SUFFIX) ? [decodeURIComponent(name.slice(0, -SUFFIX.length))] : [],
      );
      return [...new Set([...names, ...memory.list()])].sort();
    },
  };
}

async function takeLock(folder: string, waitMs: number): Promise<LockHandle | undefined> {
  const deadline = performance.now() + waitMs;
  try {
    makeFolderDurably(folder);
    for (;;) {
      const taken = await tryFileLock(join(folder, 'lock'), ownHolder('shared record'), await loadKernelLocks());
      if ('release' in taken) return taken;
      if (performance.now() > deadline) return undefined;
      await sleep(POLL_MS);
    }
  } catch {
    return undefined;
  }
}

function readJson(path: string): unknown {
  try {
    // Usually there is nothing, and an error is dear.
    if (statSync(path, { throwIfNoEntry: false }) === undefined) return undefined;
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

function writeJson(path: string, value: unknown): boolean {
  const temporary = temporaryName(path);
  try {
    if (value === undefined) rmSync(path, { force: true });
    else {
      writeFileSync(temporary, `${JSON.stringify(value)}\n`, { flag: 'wx', mode: 0o600 });
      renameSync(temporary, path);
    }
    return true;
  } catch {
    rmSync(temporary, { force: true });
    return false;
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
