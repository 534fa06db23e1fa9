import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { InstallerError } from '../../errors/installer-error.ts';
import { type Found, findImages } from './find-images.ts';
import type { FoundImage } from './found-image.ts';
import type { Variables } from './variables.ts';

export interface SourceFile {
  /** Path as given. */
  file: string;
  text: string;
  isYaml: boolean;
}

/** A file and what it asks for. */
export interface Source extends SourceFile, Found {}

const YAML_NAME = /\.(ya?ml|json)$/i;
const LOCK_NAME = 'images.lock';
/** No manifest is as large; whatever is, is something else. */
const MAX_BYTES = 32 << 20;

/**
 * Reads files and folders, and finds their images. In a folder every YAML file and images.lock is looked at, and what
 * asks for no image is passed over.
 *
 * @param paths at least one
 * @param env variables for compose files
 * @throws InstallerError `config`: a file that cannot be read, is not YAML though called so, or is no kind that is known
 */
export async function readSources(paths: readonly string[], env: Variables): Promise<readonly Source[]> {
  const sources: Source[] = [];
  for (const path of paths) {
    const isFolder = await isDirectory(path);
    for (const file of isFolder ? await filesBelow(path) : [path]) {
      const source = { file, text: await readText(file), isYaml: YAML_NAME.test(file) };
      const found = findImages(source, env);
      if (found !== undefined) sources.push({ ...source, ...found });
      else if (!isFolder) {
        throw new InstallerError('config', `${file} is no compose file, Kubernetes manifest or list of images`, {
          hint: 'a plain list has one reference a line, and a name that does not end with .yaml, .yml or .json',
        });
      }
    }
  }
  return sources;
}

/** All images of some files. */
export function imagesOf(sources: readonly Source[]): readonly FoundImage[] {
  return sources.flatMap(({ images }) => images);
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await stat(path)).isDirectory();
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

async function filesBelow(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder, { recursive: true, withFileTypes: true });
  return names
    .filter((entry) => entry.isFile() && (YAML_NAME.test(entry.name) || entry.name === LOCK_NAME))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

async function readText(file: string): Promise<string> {
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (cause) {
    throw unreadable(file, cause);
  }
  if (bytes.length > MAX_BYTES) throw new InstallerError('config', `${file} is too large to be a manifest`);
  return bytes.toString('utf8');
}

function unreadable(file: string, cause: unknown): InstallerError {
  const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
  return new InstallerError('config', `${file}: ${missing ? 'no such file' : (cause as Error).message}`, { cause });
}
