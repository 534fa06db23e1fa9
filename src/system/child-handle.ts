import type { ChildHandle, SpawnResult } from '../engine/ports.ts';
import { endGroup, signalGroup } from './process-group.ts';

/** A child that leads a process group. @param startTicks as the process table tells it */
export function childHandle(pid: number, startTicks: number, result: Promise<SpawnResult>): ChildHandle {
  return {
    pid,
    startTicks,
    result,
    terminate: (graceMs) => endGroup(pid, graceMs),
    kill: () => signalGroup(pid, 'SIGKILL'),
  };
}
