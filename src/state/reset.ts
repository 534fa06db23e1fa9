import { checkBytes } from './check-document.ts';
import { moveToDatedCopy } from './dated-copy.ts';
import { removeLinkHere } from './link.ts';
import type { StatePaths } from './paths.ts';
import { isPlainFile, readIfThere } from './read-file.ts';
import { cannotWrite } from './unusable.ts';

/**
 * Forgets a state, readable or not: its files become dated copies beside it; history and logs stay. The caller holds
 * the lock, and has asked.
 *
 * @returns paths of the copies; none when there was no state
 * @throws InstallerError `state_unusable` when the files cannot be moved
 */
export async function resetState(paths: StatePaths): Promise<readonly string[]> {
  const now = new Date();
  const copies: string[] = [];
  try {
    // The journal first: without the document it would bring that back, the document without it is whole.
    for (const path of [...plainFile(paths), paths.journal, paths.state]) {
      const copy = await moveToDatedCopy(path, now);
      if (copy !== undefined) copies.push(copy);
    }
    await removeLinkHere(paths);
  } catch (thrown) {
    throw cannotWrite(paths.folder, thrown);
  }
  return copies;
}

/** A file in the link's place, unless it is another cluster's. */
function plainFile(paths: StatePaths): readonly string[] {
  if (paths.link === undefined || !isPlainFile(paths.link)) return [];
  const found = checkBytes(readIfThere(paths.link));
  const foreign = found.kind === 'document' && found.document.cluster_name !== paths.cluster;
  return foreign ? [] : [paths.link];
}
