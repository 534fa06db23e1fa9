import { readlinkSync } from 'node:fs';
import { rename, rm, symlink, unlink } from 'node:fs/promises';
import { relative } from 'node:path';
import { syncFolder, temporaryName } from '../system/durable-file.ts';
import type { StatePaths } from './paths.ts';

/** Lets the link in the home point to this state, in one step: there is never a moment without it. A plain file is replaced. */
export async function pointLinkHere(paths: StatePaths): Promise<void> {
  if (paths.link === undefined || pointsHere(paths)) return;
  const temporary = temporaryName(paths.link);
  await symlink(targetOf(paths), temporary);
  try {
    await rename(temporary, paths.link);
  } catch (thrown) {
    await rm(temporary, { force: true });
    throw thrown;
  }
  await syncFolder(paths.home);
}

/** Removes the link if it points to this state. */
export async function removeLinkHere(paths: StatePaths): Promise<void> {
  if (paths.link !== undefined && pointsHere(paths)) await unlink(paths.link);
}

/** Relative, so that the home can be moved. */
function targetOf({ home, state }: StatePaths): string {
  return relative(home, state);
}

function pointsHere(paths: StatePaths): boolean {
  try {
    return paths.link !== undefined && readlinkSync(paths.link) === targetOf(paths);
  } catch {
    // Nothing there, or no link.
    return false;
  }
}
