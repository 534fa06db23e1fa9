import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InstallerError } from '../../../errors/installer-error.ts';

/** Digest (sha256:HEX) by reference (NAME:TAG). */
export type ImageDigests = ReadonlyMap<string, string>;

/**
 * Reads the lines `NAME:TAG sha256:HEX` of an images.lock; blank lines and lines that begin with "#" are skipped.
 *
 * @param file its path, for the error
 * @throws InstallerError `config`: a line that is none of these, or an image named twice; it names the line
 */
export function parseImagesLock(text: string, file: string): ImageDigests {
  const digests = new Map<string, string>();
  for (const [index, raw] of text.split('\n').entries()) {
    const line = raw.trim();
    if (line === '' || line.startsWith('#')) continue;
    const at = `${file}, line ${index + 1}`;
    const match = /^(\S+:[\w][\w.-]*)\s+(sha256:[0-9a-f]{64})$/.exec(line);
    if (match?.[1] === undefined || match[2] === undefined) {
      throw new InstallerError('config', `${at}: expected "NAME:TAG sha256:" and 64 hex digits, found "${line}"`);
    }
    if (digests.has(match[1])) throw new InstallerError('config', `${at}: "${match[1]}" has a digest already`);
    digests.set(match[1], match[2]);
  }
  return digests;
}

/** The digests of a manifest folder; none when it has no images.lock. */
export async function readImagesLock(manifestsDir: string): Promise<ImageDigests> {
  const file = join(manifestsDir, 'images.lock');
  try {
    return parseImagesLock(await readFile(file, 'utf8'), file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return new Map();
    throw error;
  }
}
