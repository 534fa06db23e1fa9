import { stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';

/** The path itself, or the closest folder above it that exists: where it would be made. */
export async function nearestExisting(path: string): Promise<string> {
  let folder = resolve(path);
  for (;;) {
    try {
      await stat(folder);
      return folder;
    } catch (thrown) {
      const above = dirname(folder);
      const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
      if (above === folder || (code !== 'ENOENT' && code !== 'ENOTDIR')) throw thrown;
      folder = above;
    }
  }
}
