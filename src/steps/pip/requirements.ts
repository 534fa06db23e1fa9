import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { InstallerError } from '../../errors/installer-error.ts';

/** What requirements files ask for: https://pip.pypa.io/en/stable/reference/requirements-file-format */
export interface Requirements {
  /** One requirement each, without hashes; what cannot be told from the file, such as an address, as it stands there. */
  wanted: readonly string[];
  /** Whether each has a hash: then it does not matter which index gives it. */
  hashed: boolean;
  text: string;
}

/** @throws InstallerError `config` when one cannot be read */
export function readRequirements(cwd: string, paths: readonly string[]): Requirements {
  const texts = paths.map((path) => {
    try {
      return readFileSync(resolve(cwd, path), 'utf8');
    } catch (cause) {
      throw new InstallerError('config', `cannot read the requirements: ${(cause as Error).message}`, { cause });
    }
  });
  const parsed = texts.map(parseRequirements);
  const wanted = parsed.flatMap((one) => one.wanted);
  return { wanted, hashed: wanted.length > 0 && parsed.every((one) => one.hashed), text: texts.join('\n') };
}

export function parseRequirements(text: string): Pick<Requirements, 'wanted' | 'hashed'> {
  const lines = text
    .replaceAll(/\\\r?\n/g, ' ')
    .split(/\r?\n/)
    .map((line) => line.replace(/(^|\s)#.*$/, '').trim())
    .filter((line) => line !== '');
  // Options of the whole file; one that names another file or an editable is a requirement that only pip understands.
  const entries = lines.filter((line) => !/^--?(?!r|c|e|requirement|constraint|editable)\w/.test(line));
  return {
    wanted: entries.map((line) => line.replace(/\s--hash[= ].*$/, '').trim()),
    hashed: entries.every((line) => /\s--hash[= ]/.test(line)),
  };
}
