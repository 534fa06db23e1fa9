export interface LockEntry {
  version?: string;
  optional?: boolean;
  dev?: boolean;
  os?: string[];
  cpu?: string[];
  libc?: string[];
  optionalDependencies?: Record<string, string>;
}

/** As much of package-lock.json (version 3) as is looked at here. */
export interface LockFile {
  packages: Record<string, LockEntry>;
}

const SYSTEMS = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32'];
const PROCESSORS = ['arm', 'arm64', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'wasm32', 'x64'];

/** Optional packages that an installed package names but the lock file lacks, as `[name, version, parent's entry]`. */
export function findMissingPackages(lock: LockFile): [name: string, version: string, parent: LockEntry][] {
  return Object.entries(lock.packages).flatMap(([path, entry]) =>
    Object.entries(entry.optionalDependencies ?? {})
      .filter(([name]) => !hasPackage(lock, path, name))
      .map(([name, version]): [string, string, LockEntry] => [name, version, entry]),
  );
}

/**
 * Adds what {@link findMissingPackages} finds to the lock file, in place, in npm's order.
 *
 * @returns paths of the added entries
 * @throws Error when a missing package has no exact version or its name tells no platform
 */
export function completeLockFile(lock: LockFile): string[] {
  const added = findMissingPackages(lock).map(([name, version, parent]) => {
    if (!/^\d+\.\d+\.\d+/.test(version)) throw new Error(`${name}: "${version}" is no exact version`);
    const platform = platformOf(name);
    if (platform.os === undefined) throw new Error(`${name}: the name tells no platform`);
    const path = `node_modules/${name}`;
    lock.packages[path] = {
      version,
      ...(platform.cpu === undefined ? {} : { cpu: [platform.cpu] }),
      ...(parent.dev === true ? { dev: true } : {}),
      ...(platform.libc === undefined ? {} : { libc: [platform.libc] }),
      optional: true,
      os: [platform.os],
    };
    return path;
  });
  lock.packages = Object.fromEntries(
    Object.entries(lock.packages).sort(([left], [right]) => left.localeCompare(right, 'en')),
  );
  return added;
}

function hasPackage(lock: LockFile, parent: string, name: string): boolean {
  return `node_modules/${name}` in lock.packages || `${parent}/node_modules/${name}` in lock.packages;
}

function platformOf(name: string): { os?: string; cpu?: string; libc?: string } {
  const words = name.split('/').at(-1)?.split('-') ?? [];
  const os = words.find((word) => SYSTEMS.includes(word));
  const cpu = words.find((word) => PROCESSORS.includes(word));
  const libc = os !== 'linux' ? undefined : words.some((word) => word.startsWith('musl')) ? 'musl' : 'glibc';
  return {
    ...(os === undefined ? {} : { os }),
    ...(cpu === undefined ? {} : { cpu }),
    ...(libc === undefined ? {} : { libc }),
  };
}
