import { checkBytes } from './check-document.ts';
import { type StatePaths, statePaths } from './paths.ts';
import { isPlainFile, readIfThere } from './read-file.ts';
import { newerVersion, stateUnusable } from './unusable.ts';

/** A document in the home itself, where other programs keep theirs and our link to the state has its place. */
export interface PlainFile {
  bytes: Buffer;
  cluster: string;
  /** It is at least as new as what its cluster's own place holds. */
  wins: boolean;
}

/**
 * Looks for a file (no link) at `$CONTEXTCORE_HOME/install-state.json`: written by another program, or by an editor
 * that replaced our link.
 *
 * @throws InstallerError `state_unusable` when it cannot be understood: only the user knows what to do with it
 */
export function findPlainFile(paths: StatePaths): PlainFile | undefined {
  if (paths.link === undefined || !isPlainFile(paths.link)) return undefined;
  const bytes = readIfThere(paths.link);
  const found = checkBytes(bytes);
  if (found.kind === 'newer') throw newerVersion(paths.link, `version ${found.version}`);
  if (bytes === undefined || found.kind !== 'document') {
    const reason = found.kind === 'bad' ? found.reason : 'it is missing';
    throw stateUnusable(
      `${paths.link} cannot be used: ${reason}`,
      'nothing was changed: mend the file, or forget the state with --reset',
    );
  }
  const { cluster_name: cluster, updated_at: updatedAt = '' } = found.document;
  const place = checkBytes(readIfThere(statePaths(paths.home, cluster, paths.plan).state), cluster);
  const wins = place.kind !== 'document' || timeOf(updatedAt) >= timeOf(place.document.updated_at);
  return { bytes, cluster, wins };
}

/** The two may be written with and without milliseconds, so they are not compared as texts. */
function timeOf(updatedAt: string | undefined): number {
  return Date.parse(updatedAt ?? '') || 0;
}
