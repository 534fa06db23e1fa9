import { readFile } from 'node:fs/promises';
import { availableParallelism, freemem, hostname, totalmem } from 'node:os';
import { type CgroupLimits, readCgroupLimits } from './cgroup-limits.ts';
import type { CheckEnv } from './check.ts';
import { askDocker } from './docker-info.ts';

/** What a place where programs run has to give. */
export interface Resources {
  /** As it stands in a message: `this machine`, `Docker Desktop`. */
  where: string;
  memoryBytes: number;
  /** What could be used now without swapping; absent where it cannot be told. */
  availableBytes?: number;
  cpus: number;
  memoryHint?: string;
  cpuHint?: string;
}

/** Looks at such a place; undefined when another check tells already why that cannot be done. */
export type Capacity = (env: CheckEnv) => Promise<Resources | undefined>;

const DESKTOP = 'raise it in Docker Desktop: Settings, Resources';
const CGROUP = 'raise the limit of the container or control group in which this runs';

/** What processes started by this one can have: the machine, within the limits of our control group. */
export async function localCapacity(): Promise<Resources> {
  return within(await readMachine(), await readCgroupLimits());
}

/** What containers can have: as the Docker engine says, and within the limits under which a local engine itself runs. */
export async function dockerCapacity(env: CheckEnv): Promise<Resources | undefined> {
  const answer = await askDocker(env);
  if (!answer.reached) return undefined;
  const { Name, OperatingSystem, MemTotal, NCPU } = answer.info;
  if (MemTotal === 0 || NCPU === 0) return undefined;
  const engine = { memoryBytes: MemTotal, cpus: NCPU };
  if (OperatingSystem === 'Docker Desktop') {
    return { ...engine, where: OperatingSystem, memoryHint: DESKTOP, cpuHint: DESKTOP };
  }
  if (Name !== hostname()) return { ...engine, where: `the machine of the Docker engine (${Name})` };
  // Containers are beside our own group, not below it; only the topmost one that is visible here holds for both.
  return within({ ...(await readMachine()), ...engine }, await readCgroupLimits({ self: null }));
}

async function readMachine(): Promise<Resources> {
  const availableBytes = await readAvailable();
  return { where: 'this machine', memoryBytes: totalmem(), availableBytes, cpus: availableParallelism() };
}

function within(machine: Resources, limits: CgroupLimits): Resources {
  const { memoryBytes = Number.POSITIVE_INFINITY, cpus = Number.POSITIVE_INFINITY } = limits;
  const memoryLimited = memoryBytes < machine.memoryBytes;
  const cpuLimited = cpus < machine.cpus;
  return {
    ...machine,
    where: memoryLimited || cpuLimited ? 'the control group of this process' : machine.where,
    memoryBytes: Math.min(memoryBytes, machine.memoryBytes),
    cpus: Math.min(cpus, machine.cpus),
    ...(memoryLimited ? { memoryHint: CGROUP } : {}),
    ...(cpuLimited ? { cpuHint: CGROUP } : {}),
  };
}

/** MemAvailable counts caches that can be given up, which `freemem` on older systems does not. */
async function readAvailable(): Promise<number> {
  try {
    const kilobytes = /^MemAvailable:\s+(\d+) kB/m.exec(await readFile('/proc/meminfo', 'utf8'))?.[1];
    return kilobytes === undefined ? freemem() : Number(kilobytes) * 1024;
  } catch {
    // Not Linux.
    return freemem();
  }
}
