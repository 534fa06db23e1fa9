import { resolve } from 'node:path';
import { localCapacity } from './capacity.ts';
import type { Check } from './check.ts';
import { clockCheck } from './checks/clock.ts';
import { commandCheck } from './checks/command.ts';
import { cpuCheck } from './checks/cpu.ts';
import { diskCheck } from './checks/disk.ts';
import { dockerCheck } from './checks/docker.ts';
import { memoryCheck } from './checks/memory.ts';
import { portCheck } from './checks/ports.ts';
import { urlCheck } from './checks/url.ts';
import { userCheck } from './checks/user.ts';
import { writableCheck } from './checks/user-rights.ts';
import type { Thresholds } from './profiles.ts';

/** What a user's plan needs; nothing is checked that is not given. */
export interface PlanNeeds extends Partial<Thresholds> {
  /** Gigabytes free, by path. */
  disks?: Readonly<Record<string, number>>;
  ports?: readonly number[];
  commands?: readonly { name: string; minVersion?: string }[];
  urls?: readonly string[];
  writable?: readonly string[];
  docker?: boolean;
  clock?: boolean;
  user?: 'root' | 'not_root';
  /** Step behind which an error is but a warning: what was free before is taken by then. */
  until?: string;
}

/**
 * The checks of a user's plan.
 *
 * @param folder of the plan: relative paths start there, and `diskGb` is measured there
 */
export function planChecks(needs: PlanNeeds, folder: string): readonly Check[] {
  const { diskGb, memoryGb, cpus, disks = {}, ports = [], commands = [], urls = [], writable = [], until } = needs;
  const room = [...(diskGb === undefined ? [] : ([['.', diskGb]] as const)), ...Object.entries(disks)];
  const checks = [
    ...(needs.docker === true ? [dockerCheck()] : []),
    ...(needs.user === undefined ? [] : [userCheck(needs.user)]),
    ...room.map(([path, neededGb]) => roomCheck(resolve(folder, path), neededGb)),
    ...(memoryGb === undefined ? [] : [memoryCheck(memoryGb, localCapacity, until)]),
    ...(cpus === undefined ? [] : [cpuCheck(cpus, localCapacity)]),
    ...ports.map((port) => portCheck({ name: 'plan', port, choose: () => 'another port in the plan' })),
    ...commands.map(({ name, minVersion }) => commandCheck(name, minVersion)),
    ...writable.map((path) => rightsCheck(resolve(folder, path))),
    ...urls.map(urlCheck),
    ...(needs.clock === true ? [clockCheck()] : []),
  ];
  return until === undefined ? checks : checks.map((check) => ({ ...check, until }));
}

function roomCheck(path: string, neededGb: number): Check {
  const id = `disk-${path}`;
  return diskCheck({ id, title: 'disk', folder: () => path, neededGb, hint: 'make room there' });
}

function rightsCheck(path: string): Check {
  const elsewhere = 'give this user the right, or name another folder in the plan';
  return writableCheck(path, { id: `writable-${path}`, title: 'rights', elsewhere });
}
