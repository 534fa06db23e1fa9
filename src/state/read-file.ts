import { lstatSync, readFileSync } from 'node:fs';
import { errnoOf, stateUnusable } from './unusable.ts';

/** Reads a file of the state; undefined when it is not there. @throws InstallerError `state_unusable` when it cannot be read */
export function readIfThere(path: string): Buffer | undefined {
  return ifThere(() => readFileSync(path));
}

/** Whether there is a file, no link, at a path. @throws InstallerError `state_unusable` when that cannot be told */
export function isPlainFile(path: string): boolean {
  return ifThere(() => !lstatSync(path).isSymbolicLink()) ?? false;
}

function ifThere<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (thrown) {
    if (errnoOf(thrown) === 'ENOENT') return undefined;
    const why = thrown instanceof Error ? thrown.message : String(thrown);
    throw stateUnusable(`the state cannot be read: ${why}`, 'make it readable for this user', thrown);
  }
}
