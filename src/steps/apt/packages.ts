import { InstallerError } from '../../errors/installer-error.ts';
import type { PackageGround } from '../packages/ground.ts';

/** `name`, `name:arch`, `name=version` or `name/suite`. */
const WISH = /^([a-z0-9][a-z0-9+.-]*(?<!-))(?::([a-z0-9-]+))?(?:=([A-Za-z0-9.+:~-]+)|\/([A-Za-z0-9.+_-]+))?$/;
const ENVIRONMENT = { LC_ALL: 'C.UTF-8' };

/** One package that is wanted. */
export interface Wish {
  name: string;
  /** With its architecture, where it was given. */
  query: string;
  version?: string;
}

/** @throws InstallerError `config` for what is no package: options have no place here, and a name that ends with `-` would remove it */
export function parseWish(text: string): Wish {
  const [, name, arch, version] = WISH.exec(text) ?? [];
  if (name === undefined) {
    throw new InstallerError('config', `"${text}" is no package`, {
      hint: 'a package is named NAME, NAME=VERSION, NAME:ARCHITECTURE or NAME/SUITE',
    });
  }
  return { name, query: arch === undefined ? name : `${name}:${arch}`, ...(version === undefined ? {} : { version }) };
}

/** What of the wishes is not there: one line each. */
export async function findMissing(
  ground: Pick<PackageGround, 'query'>,
  wishes: readonly Wish[],
): Promise<readonly string[]> {
  const { stdout } = await ground.query({
    file: 'dpkg-query',
    args: [
      '-W',
      '-f',
      `\${binary:Package} \${Package} \${db:Status-Status} \${Version}\\n`,
      ...wishes.map((one) => one.query),
    ],
    env: ENVIRONMENT,
  });
  const rows = stdout.split('\n').map((line) => line.split(' '));
  return wishes.flatMap(({ name, query, version }) => {
    const states = rows.filter(
      ([full, bare]) => full === query || (bare === name && (query === name || full === bare)),
    );
    const installed = states.filter(([, , status]) => status === 'installed');
    if (installed.length === 0) return [`${query} is ${states[0]?.[2] ?? 'not installed'}`];
    if (version === undefined || installed.some(([, , , there]) => there === version)) return [];
    return [`${query} is ${installed[0]?.[3]}, not ${version}`];
  });
}

/** Those of the packages that are installed. @param names as `dpkg-query` gives them */
export async function keepInstalled(
  ground: Pick<PackageGround, 'query'>,
  names: readonly string[],
): Promise<readonly string[]> {
  if (names.length === 0) return [];
  const { stdout } = await ground.query({
    file: 'dpkg-query',
    args: ['-W', '-f', `\${Package} \${db:Status-Status}\\n`, ...names],
    env: ENVIRONMENT,
  });
  const installed = new Set(stdout.split('\n').flatMap((line) => /^(\S+) installed$/.exec(line)?.[1] ?? []));
  return names.filter((name) => installed.has(name.split(':')[0] ?? name));
}

/** Packages that a simulated apt-get would put anew: those of its `Inst` lines that have no old version in brackets. */
export function findNew(simulated: string): readonly string[] {
  return simulated.split('\n').flatMap((line) => /^Inst (\S+) \(/.exec(line)?.[1] ?? []);
}

/** Packages that a simulated apt-get would remove. */
export function findRemoved(simulated: string): readonly string[] {
  return simulated.split('\n').flatMap((line) => /^(?:Remv|Purg) (\S+)/.exec(line)?.[1] ?? []);
}
