import { randomUUID } from 'node:crypto';
import { readdir, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeFolderDurably } from '../system/durable-file.ts';
import type { StatePaths } from './paths.ts';
import { cannotWrite, stateUnusable } from './unusable.ts';

/** Room for the state and logs of a run; a run that starts with less would only be stopped halfway. */
const MIN_FREE_BYTES = 1024 * 1024;
const PROBE_BYTES = 64 * 1024;

/**
 * Checks that a run can record what it does, before it does anything: makes the state's folder, removes what killed
 * runs left half written in it, and tries to write.
 *
 * @throws InstallerError `state_unusable` naming the reason
 */
export async function checkWritable(paths: StatePaths): Promise<void> {
  const probe = join(paths.folder, `probe.${randomUUID()}.tmp`);
  try {
    makeFolderDurably(paths.folder);
    for (const name of await readdir(paths.folder)) {
      if (name.endsWith('.tmp')) await rm(join(paths.folder, name), { force: true });
    }
    await writeFile(probe, Buffer.alloc(PROBE_BYTES, '.'), { flag: 'wx', mode: 0o600, flush: true });
  } catch (thrown) {
    throw cannotWrite(paths.folder, thrown);
  } finally {
    await rm(probe, { force: true }).catch(() => undefined);
  }
  const { bavail, bsize } = await statfs(paths.folder);
  const free = bavail * bsize;
  if (free >= MIN_FREE_BYTES) return;
  throw stateUnusable(
    `the state cannot be written to ${paths.folder}: only ${Math.floor(free / 1024)} KiB are free`,
    'free some space, or set CONTEXTCORE_HOME to a folder with at least 1 MiB free',
  );
}
