import { readFileSync } from 'node:fs';
import { isAlive, readBootId, readProcess } from '../system/process-table.ts';
import type { StatePaths } from './paths.ts';

/** Who holds a lock, as its file tells it. */
export interface Holder {
  pid: number;
  /** Start time in clock ticks since boot: a later process with the same pid is not mistaken for the holder. */
  start_ticks: number;
  /** Absent where the system does not tell. */
  boot_id?: string;
  host: string;
  /** UTC, ISO 8601 with milliseconds. */
  since: string;
  command: string;
}

/** Loaded where there is a holder only: it is a hundredth of the time of a status. */
const hostname = () => process.getBuiltinModule('node:os').hostname();

/** This process, as the holder of a lock from now on. */
export function ownHolder(command: string): Holder {
  const bootId = readBootId();
  return {
    pid: process.pid,
    start_ticks: readProcess(process.pid)?.startTicks ?? 0,
    ...(bootId === undefined ? {} : { boot_id: bootId }),
    host: hostname(),
    since: new Date().toISOString(),
    command,
  };
}

/** Reads the record in a lock file; undefined for a missing, empty, torn or foreign one. */
export function readRecord(path: string): Holder | undefined {
  try {
    return parseHolder(readFileSync(path, 'utf8'));
  } catch {
    return undefined;
  }
}

function parseHolder(text: string): Holder | undefined {
  try {
    const { pid, start_ticks: ticks, boot_id: bootId, host, since, command } = JSON.parse(text) as Partial<Holder>;
    if (!Number.isSafeInteger(pid) || typeof host !== 'string' || typeof since !== 'string') return undefined;
    return {
      pid: Number(pid),
      start_ticks: Number(ticks) || 0,
      ...(typeof bootId === 'string' ? { boot_id: bootId } : {}),
      host,
      since,
      command: typeof command === 'string' ? command : '',
    };
  } catch {
    return undefined;
  }
}

/** Whether the holder still runs. One on another host cannot be seen from here, and counts as running. */
export function isLiving(holder: Holder): boolean {
  if (holder.host !== hostname()) return true;
  if (holder.boot_id !== undefined && holder.boot_id !== readBootId()) return false;
  return isAlive(holder.pid, holder.start_ticks);
}

/** One phrase for the user: what, which process, where, since when. */
export function describeHolder({ command, pid, host, since }: Holder): string {
  return `${command === '' ? 'a run' : `"${command}"`} (pid ${pid} on ${host}, since ${since})`;
}

/** The living process that holds a lock file's record, without the kernel's word: quick, and good enough to be shown. */
export function readLivingHolder({ lock }: Pick<StatePaths, 'lock'>): Holder | undefined {
  const holder = readRecord(lock);
  return holder !== undefined && isLiving(holder) ? holder : undefined;
}
