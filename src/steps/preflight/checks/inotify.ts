import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Check, Finding } from '../check.ts';

/** What one node and what runs in it get along with; below that, pods fail with "too many open files". */
const NEEDED = { max_user_watches: 65_536, max_user_instances: 128 } as const;
/** https://kind.sigs.k8s.io/docs/user/known-issues/#pod-errors-due-to-too-many-open-files */
const ADVISED = { max_user_watches: 524_288, max_user_instances: 512 } as const;

type Limit = keyof typeof NEEDED;

/**
 * Whether the kernel lets the programs of a node watch their files.
 *
 * @param folder where the kernel shows the limits; on a system without them there is nothing to check
 */
export function inotifyCheck(folder = '/proc/sys/fs/inotify'): Check {
  return { id: 'inotify', title: 'file watches', run: () => checkInotify(folder) };
}

async function checkInotify(folder: string): Promise<Finding | undefined> {
  const low: Limit[] = [];
  const seen: string[] = [];
  for (const limit of Object.keys(NEEDED) as Limit[]) {
    const value = await readNumber(join(folder, limit));
    if (value === undefined) return undefined;
    seen.push(`${limit} ${value}`);
    if (value < NEEDED[limit]) low.push(limit);
  }
  if (low.length === 0) return { level: 'ok', message: seen.join(', ') };
  const needed = low.map((limit) => `${limit} ${NEEDED[limit]}`).join(' and ');
  const settings = low.map((limit) => `fs.inotify.${limit}=${ADVISED[limit]}`).join(' ');
  return {
    level: 'warning',
    message: `${seen.join(', ')}; pods may fail with "too many open files" below ${needed}`,
    hint: `sudo sysctl -w ${settings}`,
  };
}

async function readNumber(path: string): Promise<number | undefined> {
  try {
    const value = Number((await readFile(path, 'utf8')).trim());
    return Number.isFinite(value) ? value : undefined;
  } catch {
    // Not Linux.
    return undefined;
  }
}
