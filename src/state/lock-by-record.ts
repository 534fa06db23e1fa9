import { linkSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { temporaryName } from '../system/durable-file.ts';
import type { LockHandle } from './file-lock.ts';
import { type Holder, isLiving, readRecord } from './lock-holder.ts';
import { errnoOf } from './unusable.ts';

/**
 * A lock for platforms without kernel locks: a file per generation (`lock.1`, `lock.2`, …), made in one step and never
 * written by another process. The living holder of the highest generation has the lock; a dead one is followed by the
 * next generation, which only one process can make.
 *
 * @returns the lock, or who has it
 */
export function tryRecordLock(path: string, own: Holder): LockHandle | { holder: Holder } {
  for (;;) {
    const latest = generations(path).at(-1) ?? 0;
    const holder = latest === 0 ? undefined : readRecord(nameOf(path, latest));
    if (holder !== undefined && isLiving(holder)) return { holder };
    const mine = latest + 1;
    if (!make(path, mine, own)) continue;
    if (generations(path).at(-1) !== mine) {
      // Others have gone on while this process was held up: its generation was never the latest.
      rmSync(nameOf(path, mine), { force: true });
      continue;
    }
    for (const older of generations(path)) if (older < mine) rmSync(nameOf(path, older), { force: true });
    // Emptied, not removed: a number must not be given twice.
    return { release: async () => truncateSync(nameOf(path, mine)) };
  }
}

/** The holder on record, living or not; undefined when the lock was given back. */
export function readLatestRecord(path: string): Holder | undefined {
  const latest = generations(path).at(-1);
  return latest === undefined ? undefined : readRecord(nameOf(path, latest));
}

function make(path: string, generation: number, own: Holder): boolean {
  const temporary = temporaryName(path);
  writeFileSync(temporary, JSON.stringify(own), { mode: 0o600, flag: 'wx' });
  try {
    linkSync(temporary, nameOf(path, generation));
    return true;
  } catch (thrown) {
    if (errnoOf(thrown) === 'EEXIST') return false;
    throw thrown;
  } finally {
    rmSync(temporary, { force: true });
  }
}

function generations(path: string): readonly number[] {
  const prefix = `${basename(path)}.`;
  const names = readdirSync(dirname(path)).filter((name) => name.startsWith(prefix));
  const numbers = names.flatMap((name) =>
    /^\d{1,15}$/.test(name.slice(prefix.length)) ? [name.slice(prefix.length)] : [],
  );
  return numbers.map(Number).sort((a, b) => a - b);
}

function nameOf(path: string, generation: number): string {
  return `${path}.${generation}`;
}
