import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import type { ChildHandle, SpawnRequest } from '../../src/engine/ports.ts';
import { createSecrets } from '../../src/engine/secrets.ts';
import { createChildProcesses } from '../../src/system/child-processes.ts';
import { findProcesses } from '../../src/system/process-table.ts';
import { makeTempFolder } from './temp-folder.ts';

export const SECRET = 'p@ssw0rd/with+odd=chars';
export const PATH = process.env.PATH ?? '';
const FIXTURE = fileURLToPath(new URL('./fixtures/engine-with-child.ts', import.meta.url));

export const processes = createChildProcesses(createSecrets({ SECRET }));

/** A shell that runs a script, and is ended with its group when the test ends. */
export async function startChild(
  script: string,
  output: SpawnRequest['output'],
  more: Partial<SpawnRequest> = {},
): Promise<ChildHandle> {
  const child = await processes.spawn({ file: 'sh', args: ['-c', script], env: { PATH }, output, ...more });
  onTestFinished(() => child.kill());
  return child;
}

/** The processes of a group that run. */
export const members = (pgid: number) => findProcesses((one) => one.pgid === pgid && one.state !== 'Z');

/** Path of a log that is not there yet. */
export async function logFile(): Promise<string> {
  return join(await makeTempFolder(), 'step.log');
}

/**
 * Starts an engine that runs a child, in a process of its own.
 *
 * @returns the engine, and the child's process group, which is ended when the test ends
 */
export async function startEngine(settings: {
  script: string;
  run: string;
  log?: string;
  secret?: string;
  before?: string;
}): Promise<{ engine: ChildProcess; pgid: number }> {
  const engine = spawn(process.execPath, [FIXTURE, JSON.stringify(settings)]);
  const [line] = (await once(engine.stdout, 'data')) as [Buffer];
  const pgid = Number(String(line));
  onTestFinished(() => endGroup(pgid));
  return { engine, pgid };
}

function endGroup(pgid: number): void {
  try {
    process.kill(-pgid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}
