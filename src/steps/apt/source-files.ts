import { readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { InstallerError } from '../../errors/installer-error.ts';
import type { PackageGround } from '../packages/ground.ts';

/** A file of apt's sources, one-line style (`.list`) or deb822 style (`.sources`): https://manpages.debian.org/sources.list.5 */
export interface SourceFile {
  name: string;
  text: string;
}

/** `deb [options] uri suite [components]`; parts in front of the address, the address, the rest. */
const ONE_LINE = /^(\s*deb\s+(?:\[[^\]]*\]\s+)?)(\S+)(.*)$/;

/**
 * The user's sources, in apt's order.
 *
 * @throws InstallerError `config` when one cannot be read
 */
export async function readSourceFiles(ground: Pick<PackageGround, 'query'>): Promise<readonly SourceFile[]> {
  const { stdout } = await ground.query({
    file: 'apt-config',
    args: ['shell', 'LIST', 'Dir::Etc::sourcelist/f', 'PARTS', 'Dir::Etc::sourceparts/d'],
  });
  const [list = '/etc/apt/sources.list', parts = '/etc/apt/sources.list.d'] = ['LIST', 'PARTS'].map(
    (name) => new RegExp(`^${name}='(.*)'$`, 'm').exec(stdout)?.[1],
  );
  const names = await readdir(parts).catch(() => []);
  const paths = names.filter((name) => /^[\w.-]+\.(list|sources)$/.test(name)).sort();
  const files = await Promise.all([list, ...paths.map((name) => join(parts, name))].map(readSource));
  return files.filter((file) => file !== undefined);
}

async function readSource(path: string): Promise<SourceFile | undefined> {
  try {
    return { name: basename(path), text: await readFile(path, 'utf8') };
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw new InstallerError('config', `apt's sources cannot be read: ${(cause as Error).message}`, { cause });
  }
}

/** Addresses of packages, without those of sources and those that are turned off. */
export function listUris(file: SourceFile): readonly string[] {
  const found: string[] = [];
  mapUris(file, (uri) => {
    found.push(uri);
    return uri;
  });
  return found;
}

/** Whether apt is told to take packages that nobody has signed. */
export function trustsBlindly({ text }: SourceFile): boolean {
  const lines = text.split('\n').filter((line) => !line.trimStart().startsWith('#'));
  return lines.some((line) => /\btrusted=yes\b|^Trusted:\s*yes\b/i.test(line));
}

/**
 * The same file with other addresses; everything else, such as keys, suites and components, stays as it is.
 *
 * @param change the address in its place; undefined leaves it out
 */
export function mapUris(file: SourceFile, change: (uri: string) => string | undefined): SourceFile {
  const map = file.name.endsWith('.sources') ? mapStanzas : mapLines;
  return { name: file.name, text: map(file.text, change) };
}

type Change = (uri: string) => string | undefined;

function mapLines(text: string, change: Change): string {
  const lines = text.split('\n').flatMap((line) => {
    const [, before, uri, after] = ONE_LINE.exec(line) ?? [];
    if (before === undefined || uri === undefined || uri.startsWith('cdrom:')) return [];
    const changed = change(uri);
    return changed === undefined ? [] : [`${before}${changed}${after ?? ''}`];
  });
  return `${lines.join('\n')}\n`;
}

function mapStanzas(text: string, change: Change): string {
  const stanzas = text.split(/\n(?:[ \t]*\n)+/).flatMap((stanza) => {
    const fields = fieldsOf(stanza);
    const wordsOf = (wanted: string) =>
      fields
        .get(wanted)
        ?.replace(/^[^:]*:/, '')
        .split(/\s+/)
        .filter(Boolean) ?? [];
    if (/^(no|false|0)$/i.test(wordsOf('enabled')[0] ?? '') || !wordsOf('types').includes('deb')) return [];
    const uris = wordsOf('uris').flatMap((uri) => change(uri) ?? []);
    if (uris.length === 0) return [];
    fields.set('types', 'Types: deb').set('uris', `URIs: ${uris.join(' ')}`);
    return [[...fields.values()].join('\n')];
  });
  return `${stanzas.join('\n\n')}\n`;
}

/** Fields as they are written, with the lines that continue them, by their names in small letters. */
function fieldsOf(stanza: string): Map<string, string> {
  const fields = new Map<string, string>();
  let current = '';
  for (const line of stanza.split('\n').filter((one) => one.trim() !== '' && !one.startsWith('#'))) {
    const continues = /^\s/.test(line);
    if (!continues) current = line.slice(0, line.indexOf(':')).toLowerCase();
    fields.set(current, continues ? `${fields.get(current) ?? ''}\n${line}` : line);
  }
  return fields;
}
