import { type ChildProcessByStdio, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import type { Keeper } from './model.ts';

const WRITER = join(import.meta.dirname, 'writer.ts');

/** What a writer said until it ended. */
export interface WriterReport {
  /** Last change that was said to be durable, and last one said to outlive the process. */
  durable: number;
  soft: number;
  done: boolean;
  /** Code of the error that it ended with. */
  error?: string;
  exitCode: number | null;
  signal: NodeJS.Signals | null;
  stderr: string;
}

export interface Writer {
  readonly pid: number;
  readonly report: WriterReport;
  /** Lets it begin. */
  go(): void;
  /** Resolves when it has said that so many changes are durable, or has ended. */
  reached(count: number): Promise<void>;
  readonly ended: Promise<WriterReport>;
}

/** Starts a writer that waits for `go`. */
export async function startWriter(keeper: Keeper, home: string, count: number): Promise<Writer> {
  const child: ChildProcessByStdio<Writable, Readable, Readable> = spawn(
    process.execPath,
    [WRITER, keeper, home, String(count)],
    {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: {
        PATH: process.env.PATH,
        UV_THREADPOOL_SIZE: '1',
        NODE_COMPILE_CACHE: join(tmpdir(), 'ccx-crash-compile-cache'),
      },
    },
  );
  const report: WriterReport = { durable: 0, soft: 0, done: false, exitCode: null, signal: null, stderr: '' };
  const waiting: { count: number; call: () => void }[] = [];
  const ready = Promise.withResolvers<void>();
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    report.stderr += text;
  });
  child.stdin.on('error', () => undefined);
  createInterface({ input: child.stdout }).on('line', (line) => {
    const [word, value] = line.split(' ');
    if (word === 'ready') ready.resolve();
    if (word === 'ack') report.durable = Number(value);
    if (word === 'ack' || word === 'soft') report.soft = Number(value);
    if (word === 'done') report.done = true;
    if (word === 'error') report.error = line.slice('error '.length);
    for (const { count, call } of waiting) if (report.durable >= count) call();
  });
  const ended = once(child, 'close').then(([exitCode, signal]) => {
    report.exitCode = exitCode as number | null;
    report.signal = signal as NodeJS.Signals | null;
    ready.resolve();
    for (const { call } of waiting) call();
    return report;
  });
  await ready.promise;
  return {
    pid: child.pid ?? 0,
    report,
    go: () => child.stdin.write('go\n'),
    reached: (count) => new Promise((call) => waiting.push({ count, call })),
    ended,
  };
}

/** Main thread, or the one thread of the pool. */
export type Thread = 'main' | 'pool';

/** One fault: `inject` is strace's, such as `fsync:signal=KILL:when=3`. */
export interface Fault {
  thread: Thread;
  inject: string;
}

/** Runs a writer with a fault injected into the calls of one of its threads. */
export async function runWithFault(keeper: Keeper, home: string, count: number, fault: Fault): Promise<WriterReport> {
  const writer = await startWriter(keeper, home, count);
  const tid = fault.thread === 'main' ? writer.pid : poolThreadOf(writer.pid);
  const call = fault.inject.slice(0, fault.inject.indexOf(':'));
  const tracer = spawn(
    'strace',
    ['-p', String(tid), '-o', '/dev/null', '-e', `trace=${call}`, '-e', `inject=${fault.inject}`],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
    },
  );
  const attached = Promise.withResolvers<void>();
  tracer.stderr.setEncoding('utf8').on('data', (text: string) => {
    if (text.includes('attached')) attached.resolve();
  });
  const gone = once(tracer, 'close');
  await Promise.race([attached.promise, gone]);
  writer.go();
  const report = await writer.ended;
  await gone;
  return report;
}

/** Why faults cannot be injected here; undefined: they can. */
export function whyNoFaults(): string | undefined {
  const { status, stderr } = spawnSync('strace', ['-o', '/dev/null', '-e', 'trace=none', 'true'], { encoding: 'utf8' });
  if (status === 0) return undefined;
  return `strace does not work here: ${status === null ? 'not installed' : stderr.trim()}`;
}

function poolThreadOf(pid: number): number {
  const tasks = `/proc/${pid}/task`;
  const tid = readdirSync(tasks).find((task) =>
    readFileSync(join(tasks, task, 'comm'), 'utf8').startsWith('libuv-work'),
  );
  if (tid === undefined) throw new Error(`no pool thread in process ${pid}`);
  return Number(tid);
}
