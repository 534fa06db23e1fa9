import { readFileSync } from 'node:fs';
import { findProcesses } from './process-table.ts';

export interface MarkedGroup {
  pgid: number;
  startTicks: number;
  program: string;
  step: string;
}

/**
 * Process groups with a member whose environment holds `marker=value` (Linux; elsewhere none are found).
 * Finds the child that was started in the instant before its parent was killed, when no record names it.
 *
 * @param stepMarker name of the variable that holds the step's id
 */
export function findMarkedProcesses(marker: string, value: string, stepMarker: string): readonly MarkedGroup[] {
  const groups = new Map<number, MarkedGroup>();
  for (const { pid, pgid, startTicks, cmdline, state } of findProcesses(
    (process) => process.pid !== globalThis.process.pid,
  )) {
    if (state === 'Z') continue;
    const env = readEnvironment(pid);
    if (env.get(marker) !== value) continue;
    const program = cmdline[0]?.split('/').at(-1) ?? String(pid);
    const known = groups.get(pgid);
    if (known === undefined || pid === pgid)
      groups.set(pgid, { pgid, startTicks, program, step: env.get(stepMarker) ?? '' });
  }
  return [...groups.values()];
}

function readEnvironment(pid: number): ReadonlyMap<string, string> {
  try {
    const entries = readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
    return new Map(
      entries.map((entry): [string, string] => {
        const at = entry.indexOf('=');
        return [entry.slice(0, at), entry.slice(at + 1)];
      }),
    );
  } catch {
    return new Map();
  }
}
