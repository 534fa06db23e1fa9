import { existsSync } from 'node:fs';
import { makeFolderDurably, writeDurably } from '../system/durable-file.ts';
import { keepDatedCopy, moveToDatedCopy } from './dated-copy.ts';
import { pointLinkHere } from './link.ts';
import { acquireLock } from './lock.ts';
import { type StatePaths, statePaths } from './paths.ts';
import { findPlainFile, type PlainFile } from './plain-file.ts';
import { cannotWrite } from './unusable.ts';

/**
 * Takes a plain file at `$CONTEXTCORE_HOME/install-state.json` into the place of its cluster, and puts the link where
 * it was. Of the file and what that place holds, the one updated last counts; a dated copy of the other is kept.
 * Repeated after a crash at any point, it ends the same.
 *
 * @returns what the user should know
 * @throws InstallerError `state_unusable` for a file that cannot be understood or moved, `locked` when its cluster is being worked on
 */
export async function adoptPlainFile(paths: StatePaths): Promise<readonly string[]> {
  const plain = findPlainFile(paths);
  if (plain === undefined) return [];
  const place = statePaths(paths.home, plain.cluster, paths.plan);
  if (place.cluster === paths.cluster) return [await adopt(place, plain)];
  const lock = await acquireLock(place, { command: 'taking over install-state.json' });
  try {
    return [await adopt(place, plain)];
  } finally {
    await lock.release();
  }
}

async function adopt(place: StatePaths, { bytes, cluster, wins }: PlainFile): Promise<string> {
  const from = place.link ?? place.state;
  try {
    makeFolderDurably(place.folder);
    if (!wins) {
      const copy = await moveToDatedCopy(from);
      await pointLinkHere(place);
      return `${from} was older than the state of cluster "${cluster}" and was set aside as ${copy}`;
    }
    await keepDatedCopy(from);
    if (existsSync(place.state)) await keepDatedCopy(place.state);
    await writeDurably(place.state, bytes);
    await pointLinkHere(place);
    return `${from} was taken over as the state of cluster "${cluster}"; a copy is kept beside it`;
  } catch (thrown) {
    throw cannotWrite(place.state, thrown);
  }
}
