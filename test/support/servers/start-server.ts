import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { whichProgram } from '../../../src/steps/tools/find-program.ts';

/** A real server in a folder and on a port of its own. */
export interface RunningServer {
  /** Without a path. */
  url: string;
  folder: string;
  pid: number;
  /** Ends it; its folder is removed. */
  stop(): Promise<void>;
}

export interface ServerRequest {
  /** Names it may have on the PATH. */
  programs: readonly string[];
  /** Path of one that is not on the PATH. */
  program?: string;
  port: number;
  args: (folder: string) => readonly string[];
  /** Files written into its folder first. */
  files?: (folder: string) => Readonly<Record<string, string>>;
  /** Makes another program of the one found, for this server alone. */
  prepare?: (program: string, folder: string) => Promise<string>;
  /** Path that answers with 200 once it is ready. */
  ready: string;
}

/** Mimir takes half a minute where it has a processor for itself. */
const READY_TIMEOUT_MS = 160_000;

/** @returns why tests that need all of these programs cannot run here; undefined when they can */
export async function missingPrograms(...names: readonly (readonly string[])[]): Promise<string | undefined> {
  const found = await Promise.all(names.map((some) => findProgram(some)));
  const missing = names.filter((_some, index) => found[index] === undefined).map((some) => some[0]);
  return missing.length === 0 ? undefined : `not on the PATH: ${missing.join(', ')}`;
}

export async function findProgram(names: readonly string[]): Promise<string | undefined> {
  const found = await Promise.all(names.map((name) => whichProgram(name, process.env)));
  return found.find((path) => path !== undefined);
}

/** @throws Error with the end of its log when it does not become ready */
export async function startServer(request: ServerRequest): Promise<RunningServer> {
  const found = request.program ?? (await findProgram(request.programs));
  if (found === undefined) throw new Error(`${request.programs[0]} is not on the PATH`);
  const folder = await mkdtemp(join(tmpdir(), `ccx-${request.programs[0]}-`));
  for (const [name, text] of Object.entries(request.files?.(folder) ?? {})) await writeFile(join(folder, name), text);
  const program = (await request.prepare?.(found, folder)) ?? found;
  const logPath = join(folder, 'server.log');
  const log = openSync(logPath, 'a');
  const child = spawn(program, request.args(folder), { cwd: folder, stdio: ['ignore', log, log] });
  closeSync(log);
  const url = `http://127.0.0.1:${request.port}`;
  const stop = async () => {
    await end(child);
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    await waitUntilReady(url + request.ready, child);
  } catch (cause) {
    const tail = (await readFile(logPath, 'utf8')).slice(-2000);
    await stop();
    throw new Error(`${program} did not become ready: ${tail}`, { cause });
  }
  return { url, folder, pid: child.pid ?? 0, stop };
}

async function waitUntilReady(url: string, child: ChildProcess): Promise<void> {
  const deadline = Date.now() + READY_TIMEOUT_MS;
  while (Date.now() < deadline) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error('it has ended');
    const answer = await fetch(url, { signal: AbortSignal.timeout(2000) }).catch(() => undefined);
    await answer?.body?.cancel();
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  throw new Error(`${url} is not ready after ${READY_TIMEOUT_MS} ms`);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, 'exit');
  child.kill('SIGTERM');
  const killer = setTimeout(() => child.kill('SIGKILL'), 10_000);
  await exited;
  clearTimeout(killer);
}
