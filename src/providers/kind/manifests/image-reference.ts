import { InstallerError } from '../../../errors/installer-error.ts';

const HUB = 'docker.io';

export interface ImageReference {
  /** Registry host as written, absent for Docker Hub. */
  registry?: string;
  /** Repository without its registry: grafana/mimir. */
  path: string;
  tag?: string;
  /** sha256:HEX. */
  digest?: string;
}

/**
 * Takes an image reference apart, by the rule of the distribution specification: the part before the first "/" is a
 * registry when it holds "." or ":" or is "localhost".
 */
export function parseImage(reference: string): ImageReference {
  const [named = '', digest] = reference.split('@');
  const slash = named.indexOf('/');
  const first = slash < 0 ? '' : named.slice(0, slash);
  const isHost = first.includes('.') || first.includes(':') || first === 'localhost';
  const rest = isHost ? named.slice(slash + 1) : named;
  const colon = rest.indexOf(':');
  return {
    ...(isHost && first !== HUB ? { registry: first } : {}),
    path: colon < 0 ? rest : rest.slice(0, colon),
    ...(colon < 0 ? {} : { tag: rest.slice(colon + 1) }),
    ...(digest === undefined ? {} : { digest }),
  };
}

/** The name without tag and digest, as written in a manifest. */
export function nameOf(reference: string): string {
  const { registry, path } = parseImage(reference);
  const name = registry === undefined ? path : `${registry}/${path}`;
  return reference.startsWith(`${HUB}/`) ? `${HUB}/${name}` : name;
}

/**
 * The name of an image in a mirror: its registry replaced by the prefix, its repository kept.
 *
 * @param prefix host, optionally with a port and a path: registry.example:5000/hub
 * @throws InstallerError `usage`: the prefix is not a registry name
 */
export function mirroredName(reference: string, prefix: string): string {
  const mirror = prefix.replace(/\/+$/, '');
  if (!/^[a-z0-9][a-z0-9.-]*(:\d{1,5})?(\/[a-z0-9][a-z0-9._-]*)*$/.test(mirror)) {
    throw new InstallerError('usage', `--image-mirror "${prefix}" is not a registry name`, {
      hint: 'Give a host, optionally with a port and a path and without a scheme: --image-mirror registry.example:5000/hub',
    });
  }
  const { registry, path } = parseImage(reference);
  // Docker Hub keeps its own images under library/, which is left out when they are written.
  const official = registry === undefined && !path.includes('/');
  return `${mirror}/${official ? `library/${path}` : path}`;
}
