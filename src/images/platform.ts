import { InstallerError } from '../errors/installer-error.ts';

/** A system that an image is made for, in Go's words. */
export interface Platform {
  os: string;
  architecture: string;
  variant?: string | undefined;
}

const ARCHITECTURES: Readonly<Record<string, string>> = {
  x64: 'amd64',
  ia32: '386',
  x86_64: 'amd64',
  aarch64: 'arm64',
};
/** What an architecture means when no variant is said (github.com/containerd/platforms, "normalizeArch"). */
const DEFAULT_VARIANT: Readonly<Record<string, string>> = { arm64: 'v8', arm: 'v7', amd64: 'v1' };

/** Containers of this machine: always Linux, whatever it runs itself. @param arch of Node.js */
export function containerPlatform(arch: string): Platform {
  return { os: 'linux', architecture: ARCHITECTURES[arch] ?? arch };
}

/** @param text `linux/amd64`, `linux/arm/v7` @throws InstallerError `usage` */
export function parsePlatform(text: string): Platform {
  const [os, architecture, variant, more] = text.toLowerCase().split('/');
  if (!os || !architecture || variant === '' || more !== undefined) {
    throw new InstallerError('usage', `"${text}" is no platform`, { hint: 'such as linux/amd64 or linux/arm/v7' });
  }
  return {
    os,
    architecture: ARCHITECTURES[architecture] ?? architecture,
    ...(variant === undefined ? {} : { variant }),
  };
}

export function formatPlatform({ os, architecture, variant }: Platform): string {
  return [os, architecture, ...(variant === undefined || variant === '' ? [] : [variant])].join('/');
}

/** Whether an image for `offered` runs where `wanted` is. */
export function fits(offered: Platform, wanted: Platform): boolean {
  const variantOf = ({ architecture, variant }: Platform) => variant || DEFAULT_VARIANT[architecture];
  return (
    offered.os === wanted.os && offered.architecture === wanted.architecture && variantOf(offered) === variantOf(wanted)
  );
}
