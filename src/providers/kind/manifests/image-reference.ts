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
