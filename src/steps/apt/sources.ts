import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InstallerError } from '../../errors/installer-error.ts';
import type { Target } from '../../resilience/target.ts';
import type { PackageGround } from '../packages/ground.ts';
import { listUris, mapUris, readSourceFiles, type SourceFile, trustsBlindly } from './source-files.ts';

/** Where packages come from: the user's own sources, or a mirror that only our calls of apt know of. */
export interface AptSource {
  id: string;
  target: Target;
  /** Options of apt-get. */
  options: readonly string[];
  /** Whether apt checks signatures of all of it. */
  signed: boolean;
}

const WHOLE_LINE = /^deb\s+(?:\[[^\]]*\]\s+)?(\S+)\s+\S+/;

/**
 * The user's own sources first, then each mirror.
 *
 * @param mirrors addresses, or whole lines (`deb [options] URL SUITE COMPONENTS`)
 * @param folder private, readable by all: apt gives up its rights to read it
 * @throws InstallerError `config` for a mirror that is neither
 */
export async function listSources(
  ground: Pick<PackageGround, 'query'>,
  mirrors: readonly string[],
  folder: string,
): Promise<readonly AptSource[]> {
  const own = await readSourceFiles(ground);
  const sources: AptSource[] = [
    {
      id: 'own sources',
      target: { kind: 'apt', name: hostsOf(own) },
      options: [],
      signed: !own.some(trustsBlindly),
    },
  ];
  for (const [index, mirror] of mirrors.entries()) {
    const { uri, files } = describeMirror(mirror, own);
    const place = join(folder, `mirror-${index}`);
    for (const part of ['sources', 'lists']) await mkdir(join(place, part), { recursive: true, mode: 0o755 });
    for (const { name, text } of files) await writeFile(join(place, 'sources', name), text, { mode: 0o644 });
    const options = [
      ['Dir::Etc::sourcelist', '/dev/null'],
      ['Dir::Etc::sourceparts', join(place, 'sources')],
      // The lists of the user's own sources stay as they are.
      ['Dir::State::lists', join(place, 'lists')],
      ['Dir::Cache::pkgcache', ''],
      ['Dir::Cache::srcpkgcache', ''],
    ].flatMap(([key, value]) => ['-o', `${key}=${value}`]);
    sources.push({ id: uri, target: { kind: 'apt', name: hostOf(uri) }, options, signed: !files.some(trustsBlindly) });
  }
  return sources;
}

/**
 * The files for apt that make a mirror known. An address stands for the first archive of the user's sources, with the
 * same suites, components and keys; other archives stay as they are, but those of the same host, which is down as well.
 */
export function describeMirror(
  mirror: string,
  own: readonly SourceFile[],
): { uri: string; files: readonly SourceFile[] } {
  const line = WHOLE_LINE.exec(mirror)?.[1];
  if (line !== undefined) return { uri: line, files: [{ name: 'mirror.list', text: `${mirror}\n` }] };
  const first = own.flatMap(listUris)[0];
  if (!URL.canParse(mirror) || first === undefined) {
    const why = first === undefined ? 'there are no sources that it could stand for' : 'it is no address';
    throw new InstallerError('config', `the mirror ${mirror} cannot be used: ${why}`, {
      hint: 'a mirror is an address, or a whole line: deb [signed-by=KEY] URL SUITE COMPONENTS',
    });
  }
  const same = (uri: string) => uri.replace(/\/+$/, '') === first.replace(/\/+$/, '');
  const change = (uri: string) => (same(uri) ? mirror : hostOf(uri) === hostOf(first) ? undefined : uri);
  return { uri: mirror, files: own.map((file) => mapUris(file, change)) };
}

/** All hosts, since one that fails lets the whole update fail. */
function hostsOf(files: readonly SourceFile[]): string {
  const hosts = new Set(files.flatMap(listUris).map(hostOf));
  return hosts.size === 0 ? 'no sources' : [...hosts].join(',');
}

function hostOf(uri: string): string {
  if (!URL.canParse(uri)) return uri;
  const { host, protocol } = new URL(uri);
  return host === '' ? protocol.replace(':', '') : host;
}
