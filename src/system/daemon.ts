import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { InstallerError } from '../errors/installer-error.ts';
import { endGroup, signalGroup } from './process-group.ts';
import { isAlive, readProcess } from './process-table.ts';

export interface DaemonRequest {
  /** Absolute path of the program. */
  file: string;
  args: readonly string[];
  cwd: string;
  /** The complete environment. */
  env: Readonly<Record<string, string>>;
  /** Both output streams are appended to this file. */
  log: string;
}

/** A process that is told from a later one with the same pid. */
export interface ProcessId {
  pid: number;
  startTicks: number;
}

/**
 * Starts a process that outlives this one: leader of a session of its own, without a terminal or any pipe to us.
 *
 * @throws InstallerError class `not_runnable`
 */
export async function startDaemon(request: DaemonRequest): Promise<ProcessId> {
  const log = openSync(request.log, 'a', 0o600);
  try {
    const child = spawn(request.file, request.args, {
      cwd: request.cwd,
      env: { ...request.env },
      detached: true,
      stdio: ['ignore', log, log],
    });
    const { pid } = child;
    if (pid === undefined) {
      const cause = await new Promise<Error>((resolve) => child.once('error', resolve));
      throw new InstallerError('step_failed', `cannot start ${request.file}: ${cause.message}`, {
        class: 'not_runnable',
        cause,
      });
    }
    child.unref();
    return { pid, startTicks: readProcess(pid)?.startTicks ?? 0 };
  } finally {
    closeSync(log);
  }
}

/** SIGTERM to a daemon and what it has started, SIGKILL after `graceMs`; one that is gone is no error. */
export async function stopDaemon({ pid, startTicks }: ProcessId, graceMs: number): Promise<void> {
  if (!isAlive(pid, startTicks)) return;
  const ended = endGroup(pid, graceMs);
  // A stopped process (SIGSTOP) would take the SIGTERM only when it goes on.
  signalGroup(pid, 'SIGCONT');
  await ended;
}
