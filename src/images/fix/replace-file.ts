import { realpath, stat } from 'node:fs/promises';
import { writeDurably } from '../../system/durable-file.ts';

/**
 * Replaces a file's content so that either the old or the new is there, whatever happens. Its rights stay; of a link,
 * what it leads to is replaced.
 */
export async function replaceFile(path: string, text: string): Promise<void> {
  const target = await realpath(path);
  const { mode } = await stat(target);
  await writeDurably(target, text, mode & 0o7777);
}
