import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { syncFolder } from '../system/durable-file.ts';
import { removeLinkHere } from './link.ts';
import type { StatePaths } from './paths.ts';
import { cannotWrite } from './unusable.ts';

/**
 * Removes the state of what is gone, earlier copies of it too; history and logs stay. The caller holds the lock and
 * has closed the state.
 *
 * @throws InstallerError `state_unusable` when the files cannot be removed
 */
export async function forgetState(paths: StatePaths): Promise<void> {
  try {
    // The journal first: without the document it would bring that back, the document without it is whole.
    await rm(paths.journal, { force: true });
    await rm(paths.state, { force: true });
    for (const name of await readdir(paths.folder)) {
      if (name.endsWith('.bak') || name.endsWith('.tmp')) await rm(join(paths.folder, name), { force: true });
    }
    await syncFolder(paths.folder);
    await removeLinkHere(paths);
  } catch (thrown) {
    throw cannotWrite(paths.folder, thrown);
  }
}
