import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { InstallerError } from '../errors/installer-error.ts';
import { makeFolderDurably } from '../system/durable-file.ts';
import { isLocked, type LockHandle, tryFileLock } from './file-lock.ts';
import { loadKernelLocks } from './kernel-lock.ts';
import { readLatestRecord } from './lock-by-record.ts';
import { describeHolder, type Holder, isLiving, ownHolder, readRecord } from './lock-holder.ts';
import { listStates, type StatePaths, stateRoot } from './paths.ts';
import { cannotWrite } from './unusable.ts';

export type { LockHandle } from './file-lock.ts';

export interface LockInfo {
  cluster: string;
  plan: string;
  /** The lock file. */
  path: string;
  /** `stale`: its holder ended without a word; nobody is kept out by it. */
  state: 'held' | 'stale' | 'free';
  holder?: Holder;
}

const WAIT_MS = 30_000;
const POLL_MS = 100;

/**
 * Takes the lock of one plan on one cluster, at once or not at all.
 *
 * @param options.command what the holder does, for whoever is refused; no secrets
 * @throws InstallerError `locked`: who holds it, since when, from where; `state_unusable` when the lock file cannot be written
 */
export async function acquireLock(paths: StatePaths, options: { command: string }): Promise<LockHandle> {
  const taken = await tryLock(paths.folder, paths.lock, options.command);
  if ('release' in taken) return taken;
  throw refused(`run of plan "${paths.plan}" on cluster "${paths.cluster}"`, taken.holder);
}

/**
 * Does something that only one process of this home may do at a time; waits for its turn, at most half a minute.
 *
 * @param name of the lock file, $CONTEXTCORE_HOME/state/NAME.lock
 * @throws InstallerError `locked`, `state_unusable`
 */
export async function withLock<T>(home: string, name: string, action: () => Promise<T>): Promise<T> {
  const path = join(stateRoot(home), `${name}.lock`);
  const deadline = performance.now() + WAIT_MS;
  let taken = await tryLock(stateRoot(home), path, name);
  while (!('release' in taken)) {
    if (performance.now() > deadline) throw refused(`holder of the lock "${name}"`, taken.holder);
    await sleep(POLL_MS);
    taken = await tryLock(stateRoot(home), path, name);
  }
  try {
    return await action();
  } finally {
    await taken.release();
  }
}

/** The lock of every plan on every cluster of this home, in the order of their names. */
export async function listLocks(home: string): Promise<readonly LockInfo[]> {
  const byRecord = (await loadKernelLocks()) === undefined;
  const found: LockInfo[] = [];
  for (const { cluster, plan, lock: path } of listStates(home)) {
    const holder = byRecord ? readLatestRecord(path) : readRecord(path);
    if (holder === undefined && !existsSync(path)) continue;
    const held = byRecord ? holder !== undefined && isLiving(holder) : await isLocked(path);
    const state = held ? 'held' : holder === undefined ? 'free' : 'stale';
    found.push({ cluster, plan, path, state, ...(holder === undefined ? {} : { holder }) });
  }
  return found;
}

/**
 * Removes what a holder that is gone left behind. It would not block anybody, it only looks like a lock.
 *
 * @throws InstallerError `locked` when somebody holds the lock after all
 */
export async function removeStaleLock(paths: StatePaths): Promise<void> {
  const lock = await acquireLock(paths, { command: 'unlock' });
  await lock.release();
}

async function tryLock(
  folder: string,
  path: string,
  command: string,
): Promise<LockHandle | { holder: Holder | undefined }> {
  try {
    makeFolderDurably(folder);
    return await tryFileLock(path, ownHolder(command), await loadKernelLocks());
  } catch (thrown) {
    throw cannotWrite(path, thrown);
  }
}

function refused(what: string, holder: Holder | undefined): InstallerError {
  const who = holder === undefined ? 'another process' : describeHolder(holder);
  const end = holder === undefined ? '' : `, or end it: kill ${holder.pid}`;
  return new InstallerError('locked', `another ${what} is at work: ${who}`, {
    hint: `wait for it to end${end}; \`contextcore-install unlock --list\` shows every lock`,
    class: 'lock_held',
  });
}
