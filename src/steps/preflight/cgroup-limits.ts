import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Limits that the kernel sets below what the machine has; a field is absent where there is none. */
export interface CgroupLimits {
  memoryBytes?: number;
  cpus?: number;
}

export interface CgroupFiles {
  /** Where the hierarchies are mounted. Default: /sys/fs/cgroup. */
  mount?: string;
  /** Which groups we are in. Default: /proc/self/cgroup; null: only the topmost group that is visible here. */
  self?: string | null;
}

/** cgroup v1 writes "no limit" as a huge number (PAGE_COUNTER_MAX). */
const NO_LIMIT = 2 ** 60;

/** Reads the tightest limits of our group and all above it, for cgroup v1 and v2; nothing where there are no cgroups. */
export async function readCgroupLimits(files: CgroupFiles = {}): Promise<CgroupLimits> {
  const mount = files.mount ?? '/sys/fs/cgroup';
  const groups = files.self === null ? '' : ((await readText(files.self ?? '/proc/self/cgroup')) ?? '');
  const unified = (await readText(join(mount, 'cgroup.controllers'))) !== undefined;
  const chain = (controller: string) => foldersOf(mount, groups, unified ? '' : controller);
  const memory = await Promise.all(chain('memory').map((folder) => readMemory(folder)));
  const cpus = await Promise.all(chain('cpu').map((folder) => readCpus(folder)));
  return { ...smallest('memoryBytes', memory), ...smallest('cpus', cpus) };
}

/** The folder of our group and those above it, as `/proc/self/cgroup` names it: `0::/path` (v2), `4:cpu,cpuacct:/path` (v1). */
function foldersOf(mount: string, groups: string, controller: string): readonly string[] {
  const top = join(mount, controller);
  const row = groups.split('\n').find((line) => line.split(':')[1]?.split(',').includes(controller) === true);
  const path = row?.split(':').slice(2).join(':') ?? '/';
  const folders = [top];
  for (let group = path; group !== '/' && group !== '.'; group = dirname(group)) folders.push(join(top, group));
  return folders;
}

async function readMemory(folder: string): Promise<number | undefined> {
  const text = (await readText(join(folder, 'memory.max'))) ?? (await readText(join(folder, 'memory.limit_in_bytes')));
  const bytes = Number(text);
  return text !== undefined && bytes > 0 && bytes < NO_LIMIT ? bytes : undefined;
}

async function readCpus(folder: string): Promise<number | undefined> {
  const both = await readText(join(folder, 'cpu.max'));
  const [quota, period] = both?.split(' ') ?? [
    await readText(join(folder, 'cpu.cfs_quota_us')),
    await readText(join(folder, 'cpu.cfs_period_us')),
  ];
  const cpus = Number(quota) / Number(period);
  return Number.isFinite(cpus) && cpus > 0 ? cpus : undefined;
}

function smallest<K extends string>(key: K, values: readonly (number | undefined)[]): { [P in K]?: number } {
  const known = values.filter((value) => value !== undefined);
  return known.length === 0 ? {} : ({ [key]: Math.min(...known) } as { [P in K]?: number });
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch {
    // Not this version of cgroups, not this controller, or not Linux.
    return undefined;
  }
}
