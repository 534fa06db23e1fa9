import { readFile } from 'node:fs/promises';
import { InstallerError } from '../../errors/installer-error.ts';
import { keepDatedCopy } from '../../state/dated-copy.ts';
import type { Source } from '../find/read-sources.ts';
import { describeDifference, type Edit, editText } from './edit-text.ts';
import type { Fix } from './plan-fixes.ts';
import { replaceFile } from './replace-file.ts';

/** A file as it will be. */
export interface FixedFile {
  file: string;
  before: string;
  after: string;
  /** Lines that differ. */
  difference: readonly string[];
}

/** The files as the fixes make them; those that no fix touches are left out. */
export function fixSources(sources: readonly Source[], fixes: readonly Fix[]): readonly FixedFile[] {
  return sources.flatMap(({ file, text }) => {
    const edits = fixes.flatMap(({ image, to }) =>
      image.places.flatMap((place): Edit[] =>
        place.file === file && place.range !== undefined ? [{ range: place.range, to }] : [],
      ),
    );
    if (edits.length === 0) return [];
    const after = editText(text, edits);
    return [{ file, before: text, after, difference: describeDifference(file, text, after) }];
  });
}

/**
 * Writes a fixed file, with a dated copy of the old one beside it.
 *
 * @returns the copy's path
 * @throws InstallerError `config`: the file has changed since it was read
 */
export async function writeFixed({ file, before, after }: FixedFile, now: Date): Promise<string> {
  if ((await readFile(file, 'utf8')) !== before) {
    throw new InstallerError('config', `${file} has changed meanwhile; it was left alone`, {
      hint: 'the same command again reads it anew',
    });
  }
  const copy = await keepDatedCopy(file, now);
  await replaceFile(file, after);
  return copy;
}
