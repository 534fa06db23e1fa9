import { readdir, readFile, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { InstallerError } from '../../errors/installer-error.ts';
import { findImages } from '../find/find-images.ts';
import { describeDifference, editText } from './edit-text.ts';
import { replaceFile } from './replace-file.ts';

/** A file and the copy that it goes back to. */
export interface Reversion {
  file: string;
  copy: string;
  before: string;
  after: string;
  difference: readonly string[];
  /** Something else than images has changed since the copy was made, and would be lost. */
  losesMore: boolean;
}

const STAMP = /^\.\d{4}-\d{2}-\d{2}T[\d-]+\.\d{3}Z\.bak$/;

/**
 * Finds what a file was before it was fixed last.
 *
 * @throws InstallerError `config`: there is no copy of it
 */
export async function planReversion(file: string): Promise<Reversion> {
  const name = basename(file);
  const names = await readdir(dirname(file)).catch(() => []);
  const newest = names
    .filter((one) => one.startsWith(name) && STAMP.test(one.slice(name.length)))
    .toSorted()
    .at(-1);
  if (newest === undefined) {
    throw new InstallerError('config', `${file}: there is no dated copy of it to go back to`, {
      hint: 'images fix leaves one beside each file that it changes',
    });
  }
  const copy = join(dirname(file), newest);
  const [before, after] = await Promise.all([readFile(file, 'utf8'), readFile(copy, 'utf8')]);
  const losesMore = skeleton(file, before) !== skeleton(file, after);
  return { file, copy, before, after, difference: describeDifference(file, before, after), losesMore };
}

/** Puts the copy in the file's place; the copy goes. */
export async function revert({ file, copy, after }: Reversion): Promise<void> {
  await replaceFile(file, after);
  await rm(copy);
}

/** A file without its images: what must be the same for nothing else to be lost. */
function skeleton(file: string, text: string): string {
  try {
    const images = findImages({ file, text, isYaml: /\.(ya?ml|json)$/i.test(file) }, {})?.images ?? [];
    const edits = images.flatMap(({ range }) => (range === undefined ? [] : [{ range, to: '' }]));
    return editText(text, edits);
  } catch {
    // No longer to be read as it was: everything may be lost.
    return text;
  }
}
