import {
  closeSync,
  fstatSync,
  fsyncSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import type { Mode, RunResult } from '../engine/record.ts';
import type { StatisticsByTarget } from '../resilience/statistics.ts';
import { makeFolderDurably, temporaryName } from '../system/durable-file.ts';
import type { StatePaths } from './paths.ts';
import { readIfThere } from './read-file.ts';

const MAX_RUNS = 200;
/** Plans of thousands of steps make long lines: their history is shorter. */
const MAX_BYTES = 4 * 1024 * 1024;
/** Estimates follow the machine as it is now. */
const RECENT = 7;

/** One run that has ended, as a line of `history.jsonl`. */
export interface HistoryEntry {
  run_id: string;
  mode: Mode;
  result: Exclude<RunResult, 'running'>;
  /** UTC, ISO 8601 with milliseconds, as `ended_at`. */
  started_at: string;
  ended_at: string;
  /** Milliseconds that each step which did its work and succeeded took. */
  steps: Readonly<Record<string, number>>;
  /** What came of everything that was asked of services. */
  targets?: StatisticsByTarget;
}

/** Every run that is remembered, oldest first. A line that cannot be read is left out. */
export function readHistory(paths: StatePaths): readonly HistoryEntry[] {
  const text = readIfThere(paths.history)?.toString('utf8') ?? '';
  return text.split('\n').flatMap((line) => parseEntry(line) ?? []);
}

/**
 * Remembers a run; the oldest are forgotten beyond 200 to 300 runs or 4 to 6 MiB. The caller holds the lock.
 *
 * @returns false when it could not be written: only estimates suffer from that
 */
export function appendHistory(paths: StatePaths, entry: HistoryEntry): boolean {
  try {
    makeFolderDurably(paths.folder);
    append(paths.history, `${JSON.stringify(entry)}\n`);
    trim(paths);
    return true;
  } catch {
    return false;
  }
}

/**
 * How long a step will probably take: the median of its recent successful runs.
 *
 * @returns milliseconds; undefined when it never succeeded
 */
export function estimate(runs: readonly HistoryEntry[], step: string): number | undefined {
  const all = runs.flatMap(({ steps }) => (Object.hasOwn(steps, step) ? (steps[step] ?? []) : []));
  const recent = all.slice(-RECENT).sort((a, b) => a - b);
  return recent[Math.floor((recent.length - 1) / 2)];
}

function parseEntry(line: string): HistoryEntry | undefined {
  try {
    const entry = JSON.parse(line) as Partial<HistoryEntry> | null;
    if (typeof entry?.run_id !== 'string' || typeof entry.steps !== 'object' || entry.steps === null) return undefined;
    return entry as HistoryEntry;
  } catch {
    return undefined;
  }
}

function append(path: string, line: string): void {
  const fd = openSync(path, 'a+', 0o600);
  try {
    // A line torn by a crash must not take this one with it.
    writeSync(fd, endsWithNewline(fd) ? line : `\n${line}`);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function endsWithNewline(fd: number): boolean {
  const { size } = fstatSync(fd);
  const last = Buffer.alloc(1);
  return size === 0 || (readSync(fd, last, 0, 1, size - 1) === 1 && last[0] === 10);
}

/** Works on lines, not on what they say: a run must not pay for parsing all that came before it. */
function trim(paths: StatePaths): void {
  const lines = readIfThere(paths.history)?.toString('utf8').split('\n').slice(0, -1) ?? [];
  const size = lines.reduce((sum, line) => sum + line.length, 0);
  // Half as much again before it is cut, so that it is not rewritten after every run.
  if (lines.length <= MAX_RUNS * 1.5 && size <= MAX_BYTES * 1.5) return;
  let kept = 0;
  let bytes = 0;
  while (kept < MAX_RUNS && bytes <= MAX_BYTES) {
    kept += 1;
    bytes += lines.at(-kept)?.length ?? MAX_BYTES;
  }
  replaceFile(paths.history, `${lines.slice(-kept).join('\n')}\n`);
}

function replaceFile(path: string, text: string): void {
  const temporary = temporaryName(path);
  try {
    writeFileSync(temporary, text, { flag: 'wx', mode: 0o600, flush: true });
    renameSync(temporary, path);
  } catch (thrown) {
    rmSync(temporary, { force: true });
    throw thrown;
  }
}
