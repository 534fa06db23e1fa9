import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** @returns why a test must be skipped; undefined when every program is on the PATH */
export function missingPrograms(...names: readonly string[]): string | undefined {
  const missing = names.filter((name) => !isOnPath(name));
  return missing.length === 0 ? undefined : `not on the PATH: ${missing.join(', ')}`;
}

function isOnPath(name: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
