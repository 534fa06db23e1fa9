import { readdirSync } from 'node:fs';
import { CREATE_CLUSTER } from '../../plans/create-cluster/plan.ts';
import type { Choices } from '../../plans/create-cluster/resolve-config.ts';
import { withLock } from '../../state/lock.ts';
import { type StatePaths, statePaths, stateRoot } from '../../state/paths.ts';
import { readState } from '../../state/read-state.ts';

/** Lets one installation at a time choose its ports: two that start at the same moment must not choose the same. */
export function withPortsReserved<T>(home: string, choose: () => Promise<T>): Promise<T> {
  return withLock(home, 'ports', choose);
}

/** Host ports that other installations of this user have recorded; one whose state cannot be read reserves nothing. */
export function listReservedPorts(home: string, own: StatePaths): ReadonlySet<number> {
  const ports = new Set<number>();
  for (const cluster of clustersIn(home)) {
    if (cluster === own.cluster) continue;
    try {
      const options = readState(statePaths(home, cluster, CREATE_CLUSTER)).document?.options as
        | Partial<Choices>
        | undefined;
      for (const port of Object.values(options?.ports ?? {})) ports.add(port);
    } catch {
      // Broken or from a newer version: its own commands will say so.
    }
  }
  return ports;
}

function clustersIn(home: string): readonly string[] {
  try {
    return readdirSync(stateRoot(home));
  } catch {
    return [];
  }
}
