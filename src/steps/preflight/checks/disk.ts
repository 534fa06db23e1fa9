import { statfs } from 'node:fs/promises';
import { hostname } from 'node:os';
import type { Check, CheckEnv, Finding } from '../check.ts';
import { askDocker } from '../docker-info.ts';
import { nearestExisting } from '../nearest-folder.ts';
import { formatSize, fromGb } from '../units.ts';

export interface DiskRequirement {
  id: string;
  title: string;
  /** Folder that will hold the data, existing or not; undefined: it is not on this machine, and nothing is measured. */
  folder(env: CheckEnv): Promise<string | undefined> | string | undefined;
  /** Gigabytes (10^9 bytes) free for an ordinary user. */
  neededGb: number;
  hint: string;
  until?: string;
}

/** Whether the file system of a folder has room. */
export function diskCheck(required: DiskRequirement): Check {
  const { id, title, until } = required;
  return { id, title, ...(until === undefined ? {} : { until }), run: (env) => checkDisk(required, env) };
}

async function checkDisk(required: DiskRequirement, env: CheckEnv): Promise<Finding | undefined> {
  const folder = await required.folder(env);
  if (folder === undefined) return undefined;
  const { bavail, bsize } = await statfs(await nearestExisting(folder));
  const free = bavail * bsize;
  const message = `${formatSize(free)} free at ${folder}`;
  if (free >= fromGb(required.neededGb)) return { level: 'ok', message };
  return { level: 'error', message: `${message}; ${required.neededGb} GB are needed`, hint: required.hint };
}

/**
 * Where the Docker engine keeps images and volumes, as far as it is a disk of this machine.
 *
 * @param home folder of the user's own disk, on which Docker Desktop keeps its disk image
 */
export async function dockerDataFolder(env: CheckEnv, home: string): Promise<string | undefined> {
  const answer = await askDocker(env);
  if (!answer.reached) return undefined;
  const { Name, OperatingSystem, DockerRootDir } = answer.info;
  if (OperatingSystem === 'Docker Desktop') return home;
  return Name === hostname() && DockerRootDir !== '' ? DockerRootDir : undefined;
}
