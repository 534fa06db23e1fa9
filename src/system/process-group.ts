import { setTimeout as sleep } from 'node:timers/promises';
import { findProcesses, isAlive, readProcess } from './process-table.ts';

const POLL_MS = 20;

/** Sends a signal to every process of a group; a group that is gone is no error. */
export function signalGroup(pgid: number, signal: NodeJS.Signals | 0): boolean {
  if (pgid <= 1) return false;
  try {
    process.kill(-pgid, signal);
    return true;
  } catch {
    return false;
  }
}

/**
 * Whether anything of a group still runs: its leader, or what the leader has started and left behind.
 * While a member lives, the kernel gives the group's number to no new process.
 *
 * @param leaderStartTicks start time of the leader; another process with its pid is not it
 */
export function isGroupAlive(pgid: number, leaderStartTicks: number): boolean {
  if (isAlive(pgid, leaderStartTicks)) return true;
  const usurper = readProcess(pgid);
  const reused = usurper !== undefined && usurper.state !== 'Z' && usurper.startTicks !== leaderStartTicks;
  return !reused && hasMembers(pgid);
}

/** SIGTERM to a group, SIGKILL after `graceMs`; resolves when nothing of it runs any more. */
export async function endGroup(pgid: number, graceMs: number): Promise<void> {
  signalGroup(pgid, 'SIGTERM');
  const killAt = Date.now() + graceMs;
  while (hasMembers(pgid)) {
    if (Date.now() >= killAt) signalGroup(pgid, 'SIGKILL');
    await sleep(POLL_MS);
  }
}

/** A zombie takes no signal and holds nothing: it does not count. */
function hasMembers(pgid: number): boolean {
  if (!signalGroup(pgid, 0)) return false;
  return findProcesses((process) => process.pgid === pgid && process.state !== 'Z' && process.state !== 'X').length > 0;
}
