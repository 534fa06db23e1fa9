import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import { RUN_MARKER, STEP_MARKER } from '../engine/child-commands.ts';
import type { ChildHandle, Processes, SpawnRequest, SpawnResult } from '../engine/ports.ts';
import type { RecordedChild } from '../engine/record.ts';
import type { Secrets } from '../engine/secrets.ts';
import { childHandle } from './child-handle.ts';
import { createForkPool, type ForkPool } from './fork-pool.ts';
import { findMarkedProcesses } from './marked-processes.ts';
import { writeMasked } from './masked-log.ts';
import { notRunnable } from './not-runnable.ts';
import { endGroup, isGroupAlive } from './process-group.ts';
import { readStartTicks } from './process-table.ts';

/** Wait for the last output of a child that has ended. */
const HELD_OPEN_MS = 500;

export interface ChildProcesses extends Processes {
  /** SIGKILL to every child that lives now; for a second Ctrl-C. */
  killAll(): void;
}

/**
 * Children of this process, each leader of a group of its own, apart from our terminal, so that Ctrl-C reaches them
 * through us only, and their descendants with them.
 *
 * Started without execa: a step must cost little more than its fork (execa doubles it), and its output
 * goes to a file by descriptor, so that nothing is buffered here.
 */
export function createChildProcesses(secrets: Pick<Secrets, 'stream'>): ChildProcesses {
  const live = new Set<ChildHandle>();
  const forks = createForkPool();
  return {
    async spawn(request) {
      const handle = await (request.output.to === 'capture'
        ? capture(request, request.output.limit)
        : toLog(request, request.output, secrets, forks));
      const forget = () => live.delete(handle);
      live.add(handle);
      handle.result.then(forget, forget);
      return handle;
    },
    isAlive: (child) => isGroupAlive(child.pid, child.start_ticks),
    findMarked: (runId) =>
      findMarkedProcesses(RUN_MARKER, runId, STEP_MARKER).map(
        ({ pgid, step, program, startTicks }): RecordedChild & { step: string } => ({
          pid: pgid,
          start_ticks: startTicks,
          program,
          step,
        }),
      ),
    async end(child, graceMs) {
      // Asked again: since it was found, it may have ended and its number been given away.
      if (isGroupAlive(child.pid, child.start_ticks)) await endGroup(child.pid, graceMs);
    },
    killAll() {
      for (const handle of live) handle.kill();
    },
  };
}

type LogOutput = Exclude<SpawnRequest['output'], { to: 'capture' }>;

async function toLog(
  request: SpawnRequest,
  output: LogOutput,
  secrets: Pick<Secrets, 'stream'>,
  forks: ForkPool,
): Promise<ChildHandle> {
  const masked = output.to === 'masked';
  const forked = masked || request.input !== undefined ? undefined : forks.spawn(request, output.path);
  if (forked !== undefined) return forked;
  const file = openLog(output.path);
  try {
    const out = masked ? 'pipe' : file;
    const child = await start(request, out);
    if (!masked) return handleOf(child, ended(child, 'exit'));
    for (const stream of [child.stdout, child.stderr]) {
      if (stream !== null) writeMasked(stream, secrets.stream(), output.path);
    }
    return handleOf(child, endedOrHeldOpen(child));
  } finally {
    if (typeof file === 'number') closeSync(file);
  }
}

/** A log that cannot be opened must not end an installation: its output is dropped. */
function openLog(path: string): number | 'ignore' {
  try {
    return openSync(path, 'a', 0o600);
  } catch {
    return 'ignore';
  }
}

async function capture(request: SpawnRequest, limit: number): Promise<ChildHandle> {
  // Loaded when first needed: it would double the time in which a run starts.
  const { execa } = await import('execa');
  const child = execa(request.file, request.args, {
    detached: true,
    // A detached child must not be ended behind our back: its whole group is, through the handle.
    cleanup: false,
    extendEnv: false,
    env: { ...request.env },
    reject: false,
    // Kept here, up to the limit: execa would end the child there, and wait for descendants that hold the pipe open.
    buffer: false,
    ...(request.cwd === undefined ? {} : { cwd: request.cwd }),
    ...(request.input === undefined ? { stdin: 'ignore' } : { input: request.input }),
  });
  const { pid } = child;
  if (pid === undefined) {
    const { originalMessage, cause } = await child;
    throw notRunnable(request, cause ?? new Error(originalMessage ?? 'unknown reason'));
  }
  const [stdout, stderr] = [keepLast(child.stdout, limit), keepLast(child.stderr, limit)];
  const result = endedOrHeldOpen(child.nodeChildProcess).then(
    (end): SpawnResult => ({
      ...end,
      stdout: stdout.text(),
      stderr: stderr.text(),
      ...(stdout.isCut() ? { truncated: true } : {}),
    }),
  );
  return handle(pid, result);
}

/** Collects the last bytes of a stream. */
function keepLast(stream: Readable, limit: number): { text(): string; isCut(): boolean } {
  const chunks: Buffer[] = [];
  let kept = 0;
  let cut = false;
  stream.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    kept += chunk.length;
    for (let first = chunks[0]; first !== undefined && kept - first.length >= limit; first = chunks[0]) {
      kept -= first.length;
      chunks.shift();
    }
    cut ||= kept > limit;
  });
  return {
    text: () => Buffer.concat(chunks).subarray(-limit).toString('utf8'),
    isCut: () => cut,
  };
}

type Output = 'pipe' | 'ignore' | number;

async function start(request: SpawnRequest, output: Output): Promise<ChildProcess> {
  let child: ChildProcess;
  try {
    child = spawn(request.file, request.args, {
      detached: true,
      env: { ...request.env },
      stdio: [request.input === undefined ? 'ignore' : 'pipe', output, output],
      ...(request.cwd === undefined ? {} : { cwd: request.cwd }),
    });
  } catch (cause) {
    // Node throws for some reasons (E2BIG, a zero byte in an argument) and emits for others.
    throw notRunnable(request, cause);
  }
  if (child.pid === undefined) {
    throw notRunnable(request, await new Promise((resolve) => child.once('error', resolve)));
  }
  if (request.input !== undefined) {
    // A child that does not read its input to the end is not our failure.
    child.stdin?.on('error', () => undefined);
    child.stdin?.end(request.input);
  }
  return child;
}

function ended(child: ChildProcess, event: 'exit' | 'close'): Promise<SpawnResult> {
  return new Promise((resolve) => {
    child.once(event, (exitCode: number | null, signal: NodeJS.Signals | null) =>
      resolve({ exitCode, signal, stdout: '', stderr: '' }),
    );
  });
}

/** All output, unless a descendant that stays holds the pipe open after the child itself has ended. */
async function endedOrHeldOpen(child: ChildProcess): Promise<SpawnResult> {
  const closed = ended(child, 'close');
  const result = await ended(child, 'exit');
  let timer: NodeJS.Timeout | undefined;
  const heldOpen = new Promise<SpawnResult>((resolve) => {
    timer = setTimeout(() => {
      // What stays may write on, but must not keep this process from ending.
      for (const stream of [child.stdout, child.stderr]) (stream as Socket | null)?.unref();
      resolve(result);
    }, HELD_OPEN_MS);
  });
  return await Promise.race([closed, heldOpen]).finally(() => clearTimeout(timer));
}

function handleOf(child: ChildProcess, result: Promise<SpawnResult>): ChildHandle {
  return handle(child.pid as number, result);
}

function handle(pid: number, result: Promise<SpawnResult>): ChildHandle {
  return childHandle(pid, readStartTicks(pid), result);
}
