import {
  appendFileSync,
  closeSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Logs } from '../engine/ports.ts';

/** A file that has grown beyond this is cut back to its last part. */
const LARGEST_FILE = 10 * 1024 * 1024;
const KEPT_TAIL = 1024 * 1024;
const RUNS_KEPT = 10;
const TAIL_BYTES = 16 * 1024;
const TAIL_LINE = 1000;

/**
 * Log files of one run: `<folder>/<runId>/<step>.<attempt>.log`, 0600 in 0700, of the last ten runs.
 * Disk errors are swallowed here: a log that cannot be written must not end an installation.
 *
 * @param runId sorts by time, so that the oldest runs are the ones removed
 */
export function createLogFiles(folder: string, runId: string): Logs {
  const own = join(folder, runId);
  let made = false;
  const prepare = (): void => {
    if (made) return;
    made = true;
    attempt(() => mkdirSync(own, { recursive: true, mode: 0o700 }));
    attempt(() => removeOldRuns(folder, runId));
  };
  return {
    open(step, number) {
      prepare();
      return join(own, `${step}.${number}.log`);
    },
    append: (path, text) => attempt(() => appendFileSync(path, text, { mode: 0o600 })),
    trim: (path) => attempt(() => cutMiddle(path)),
    size: (path) => statSync(path, { throwIfNoEntry: false })?.size ?? 0,
    tail: (path, lines = 20, from = 0) => readTail(path, lines, from),
  };
}

function removeOldRuns(folder: string, runId: string): void {
  const others = readdirSync(folder).filter((name) => name !== runId);
  for (const name of others.sort().slice(0, Math.max(0, others.length - RUNS_KEPT + 1))) {
    rmSync(join(folder, name), { recursive: true, force: true });
  }
}

/** Works while a child is appending (O_APPEND), so that a chatty child cannot fill the disk. */
function cutMiddle(path: string): void {
  if (statSync(path).size <= LARGEST_FILE) return;
  // Appending, as the child does: what it writes meanwhile is not written over.
  const file = openSync(path, 'a+');
  try {
    const { size } = fstatSync(file);
    const kept = Buffer.alloc(KEPT_TAIL);
    const read = readSync(file, kept, 0, KEPT_TAIL, size - KEPT_TAIL);
    ftruncateSync(file, 0);
    writeSync(file, `[${size - read} bytes left out]\n`);
    writeSync(file, kept, 0, read);
  } finally {
    closeSync(file);
  }
}

function readTail(path: string, lines: number, from: number): readonly string[] {
  try {
    const file = openSync(path, 'r');
    try {
      const { size } = fstatSync(file);
      // A file that was cut is shorter than it was: then all of it is new enough.
      const wanted = Math.min(from > size ? size : size - from, TAIL_BYTES);
      const buffer = Buffer.alloc(wanted);
      const read = readSync(file, buffer, 0, wanted, size - wanted);
      return printable(buffer.toString('utf8', 0, read)).slice(-lines);
    } finally {
      closeSync(file);
    }
  } catch {
    return [];
  }
}

/** Sequences of ECMA-48 (CSI; OSC with its text, such as a window title; other escapes), then single control characters. */
const NOT_PRINTABLE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out
  /\u001b\[[0-?]*[ -/]*[@-~]|\u001b\][^\u0007\u001b]*(?:\u0007|\u001b\\)?|\u001b[ -/]*[0-~]|[\u0000-\u0008\u000b-\u001f\u007f]/g;

/** Lines without colours and control characters; of a line that was redrawn, what it said last. */
function printable(text: string): string[] {
  return text
    .split('\n')
    .map((line) => (line.replace(/\r+$/, '').split('\r').at(-1) ?? '').replace(NOT_PRINTABLE, '').slice(0, TAIL_LINE))
    .filter((line) => line.trim() !== '');
}

function attempt(work: () => void): void {
  try {
    work();
  } catch {
    // See above: best effort.
  }
}
