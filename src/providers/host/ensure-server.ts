import { stat } from 'node:fs/promises';
import type { ObservedState } from '../../engine/events.ts';
import type { StepContext } from '../../engine/step.ts';
import { InstallerError } from '../../errors/installer-error.ts';
import type { ProcessId } from '../../system/daemon.ts';
import { isAlive, type ProcessInfo, readProcess } from '../../system/process-table.ts';
import type { Server } from './components.ts';
import { tailOf } from './log-tail.ts';
import { foreignHolder, probeServer } from './probe-server.ts';
import type { ProgramFacts } from './programs.ts';
import { findServer, notePid, startServer, stopServer, wasStarted } from './server-process.ts';

type Context = Pick<StepContext, 'signal' | 'clock' | 'progress' | 'notice'>;
type Env = Readonly<Record<string, string | undefined>>;

/** Reading the journal of a large database takes its time; meanwhile the server answers 503. */
const READY_WITHIN_MS = 150_000;
/** A server that runs for this long without an answer hangs. */
const SILENT_FOR_MS = 8_000;
const POLL_MS = 100;

export interface ServerState {
  state: ObservedState;
  /** What is there, after the server's name. */
  reason: string;
}

/** Looks at one server without changing anything. */
export async function observeServer(
  server: Server,
  program: ProgramFacts | undefined,
  signal: AbortSignal,
): Promise<ServerState> {
  const running = await findServer(server);
  if (running === undefined) {
    if (!(await wasStarted(server))) return { state: 'absent', reason: 'was not started yet' };
    return { state: 'unhealthy', reason: 'has stopped' };
  }
  const misfit = program === undefined ? undefined : await misfitOf(server, program, running);
  if (misfit !== undefined) return { state: 'unhealthy', reason: `${misfit} (pid ${running.pid})` };
  const health = await probeServer(server, signal);
  if (health === 'ready') return { state: 'present', reason: `runs (pid ${running.pid})` };
  const what = health === 'starting' ? 'is not ready' : 'does not answer';
  return { state: 'unhealthy', reason: `${what} (pid ${running.pid})` };
}

/**
 * Makes a server run and answer: one that is ready is left alone, one that still starts is waited for, one that hangs or has
 * other flags is restarted, and one that is not there is started.
 *
 * @throws InstallerError `step_failed`: another process holds the port, or the server ended or was not ready in time
 */
export async function ensureServer(ctx: Context, server: Server, program: ProgramFacts, env: Env): Promise<ProcessId> {
  const running = await findServer(server);
  if (running !== undefined) {
    const fault = (await misfitOf(server, program, running)) ?? (await awaitReady(ctx, server, running));
    if (fault === undefined) {
      await notePid(server, running);
      return running;
    }
    ctx.notice(`${server.name} ${fault}: restarted`);
    await stopServer(server);
  }
  refuseForeignHolder(server);
  ctx.progress(`starting ${server.name}`, { item: server.name });
  const started = await startServer(server, program, env);
  const fault = await awaitReady(ctx, server, started);
  if (fault === undefined) return started;
  // Another run may have started the same server in the same moment: its database has one owner, which is as good.
  const other = await findServer(server);
  if (other !== undefined && other.pid !== started.pid && (await awaitReady(ctx, server, other)) === undefined) {
    await notePid(server, other);
    return other;
  }
  throw await failedStart(server, fault);
}

/** @returns undefined when the server is ready, else what is wrong with it */
async function awaitReady(ctx: Context, server: Server, { pid, startTicks }: ProcessId): Promise<string | undefined> {
  const group = readProcess(pid)?.pgid;
  const begun = ctx.clock.now();
  let answeredAt = begun;
  while (true) {
    const health = await probeServer(server, ctx.signal);
    const now = ctx.clock.now();
    if (!isAlive(pid, startTicks)) return 'has stopped';
    // Not ours but another process might have answered.
    if (health === 'ready' && foreignHolder(server.port, group) === undefined) return undefined;
    if (health === 'starting') {
      answeredAt = now;
      ctx.progress(`${server.name} reads its journal`, { item: server.name });
    }
    if (now - answeredAt > SILENT_FOR_MS) return 'does not answer';
    if (now - begun > READY_WITHIN_MS) return `was not ready after ${READY_WITHIN_MS / 1000} s`;
    await ctx.clock.sleep(POLL_MS, ctx.signal);
  }
}

/** Why a running process is not the one that should run, whatever it answers. */
async function misfitOf(server: Server, program: ProgramFacts, running: ProcessInfo): Promise<string | undefined> {
  if (!hasArgs(running, server.args(program))) return 'runs with other flags';
  const kept = await stat(server.dataFolder).catch(() => undefined);
  return kept === undefined ? 'runs on a database that was removed' : undefined;
}

function hasArgs(running: ProcessInfo, args: readonly string[]): boolean {
  // Whatever stands before: the program, or an interpreter and a script.
  const own = running.cmdline.slice(-args.length);
  return args.every((arg, index) => own[index] === arg);
}

function refuseForeignHolder(server: Server): void {
  const holder = foreignHolder(server.port, undefined);
  if (holder === undefined) return;
  throw new InstallerError('step_failed', `${server.name} needs port ${server.port}, which ${holder} holds`, {
    hint: `stop that process; or, on a new installation, choose another port: --port ${server.name}=PORT`,
  });
}

async function failedStart(server: Server, fault: string): Promise<InstallerError> {
  refuseForeignHolder(server);
  return new InstallerError('step_failed', `${server.name} ${fault} when it was started`, {
    tail: await tailOf(server.log),
    log: server.log,
    hint: 'mend what its last lines say, then run the same command with --resume',
  });
}
