import { mkdir, rename, rm, stat } from 'node:fs/promises';
import * as z from 'zod';
import { type ProcessId, startDaemon, stopDaemon } from '../../system/daemon.ts';
import { writeDurably } from '../../system/durable-file.ts';
import { findProcesses, isAlive, type ProcessInfo, readBootId, readProcess } from '../../system/process-table.ts';
import type { Server } from './components.ts';
import { readIfThere } from './files.ts';
import type { ProgramFacts } from './programs.ts';

const pidSchema = z.object({ pid: z.number(), start_ticks: z.number(), boot_id: z.string().optional() });

/** Time to write out what is in memory before it is killed. */
const STOP_GRACE_MS = 20_000;
/** A log beyond this is put aside at the next start, in place of the one put aside before. */
const LARGEST_LOG = 5 * 1024 * 1024;
/** What a server needs of the environment; nothing else is handed on, credentials least of all. */
const HANDED_ON = ['PATH', 'HOME', 'TZ', 'LANG', 'TMPDIR'] as const;

/**
 * Finds the running process of a server: by its pid file, else by its database among the arguments of all processes, so
 * that one started by a run that was killed before it could note the pid is found, too.
 */
export async function findServer(server: Server): Promise<ProcessInfo | undefined> {
  const noted = await readPidFile(server);
  if (noted !== undefined && isAlive(noted.pid, noted.startTicks)) {
    const process = readProcess(noted.pid);
    if (process?.cmdline.includes(server.mark)) return process;
  }
  const found = findProcesses(({ cmdline, state }) => state !== 'Z' && cmdline.includes(server.mark));
  // A wrapper script and the program it has started bear the same arguments: the outer one leads the group.
  return found.find(({ ppid }) => !found.some(({ pid }) => pid === ppid));
}

/** Whether the server was started once, as far as its folder tells. */
export async function wasStarted(server: Server): Promise<boolean> {
  return (await readIfThere(server.pidFile)) !== undefined;
}

/** Starts a server detached from us and notes its pid and start time in its folder. */
export async function startServer(
  server: Server,
  program: ProgramFacts,
  env: Readonly<Record<string, string | undefined>>,
): Promise<ProcessId> {
  await mkdir(server.dataFolder, { recursive: true, mode: 0o700 });
  await putLogAside(server.log);
  const handedOn = HANDED_ON.flatMap((name) => (env[name] === undefined ? [] : [[name, env[name]] as const]));
  const process = await startDaemon({
    file: program.path,
    args: server.args(program),
    cwd: server.folder,
    env: Object.fromEntries(handedOn),
    log: server.log,
  });
  await notePid(server, process);
  return process;
}

/** Notes the process in the pid file, unless it stands there already. */
export async function notePid(server: Server, { pid, startTicks }: ProcessId): Promise<void> {
  const noted = await readPidFile(server);
  if (noted?.pid === pid && noted.startTicks === startTicks) return;
  const bootId = readBootId();
  const entry = { pid, start_ticks: startTicks, ...(bootId === undefined ? {} : { boot_id: bootId }) };
  await writeDurably(server.pidFile, `${JSON.stringify(entry)}\n`);
}

/** Stops a server, whoever started it, and forgets its pid; one that does not run is no error. */
export async function stopServer(server: Server): Promise<void> {
  const running = await findServer(server);
  if (running !== undefined) await stopDaemon(running, STOP_GRACE_MS);
  await rm(server.pidFile, { force: true });
}

async function readPidFile(server: Server): Promise<ProcessId | undefined> {
  const text = await readIfThere(server.pidFile);
  if (text === undefined) return undefined;
  try {
    const { pid, start_ticks: startTicks, boot_id: bootId } = pidSchema.parse(JSON.parse(text));
    // Start ticks count from the boot: after another one the same numbers mean nothing.
    return bootId === undefined || bootId === readBootId() ? { pid, startTicks } : undefined;
  } catch {
    // Written by someone else: the search through all processes finds ours.
    return undefined;
  }
}

async function putLogAside(log: string): Promise<void> {
  const size = await stat(log).then(
    (found) => found.size,
    () => 0,
  );
  if (size > LARGEST_LOG) await rename(log, `${log}.1`);
}
