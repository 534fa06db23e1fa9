import { InstallerError } from '../errors/installer-error.ts';

/** Where an image is, in full. */
export interface ImageReference {
  /** Host of the registry, with its port: `docker.io`, `localhost:5000`. */
  registry: string;
  /** Repository in it; Docker's own images with `library/`. */
  repository: string;
  tag?: string;
  /** `sha256:HEX`. */
  digest?: string;
}

export const HUB = 'docker.io';
const HUB_ALIASES = [HUB, 'index.docker.io', 'registry-1.docker.io'];

// https://github.com/distribution/reference/blob/main/reference.go and regexp.go, "Grammar".
const DOMAIN =
  /^(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)*|\[[0-9a-fA-F:]+\])(?::\d{1,5})?$/;
const PATH = /^[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*)*$/;
const TAG = /^\w[\w.-]{0,127}$/;
const DIGEST = /^sha256:[0-9a-f]{64}$|^sha512:[0-9a-f]{128}$/;
const MAX_NAME = 255;

/**
 * Takes a reference apart and completes it as Docker does: registry `docker.io`, `library/` before its own images, tag
 * `latest` unless there is a tag or a digest.
 *
 * @throws InstallerError `config`: not by the grammar of references
 */
export function parseReference(text: string): ImageReference {
  const bad = (why: string) => new InstallerError('config', `"${text}" is not an image reference: ${why}`);
  const at = text.indexOf('@');
  const digest = at < 0 ? undefined : text.slice(at + 1);
  if (digest !== undefined && !DIGEST.test(digest)) throw bad('its digest is not sha256: and 64 hex digits');
  const named = at < 0 ? text : text.slice(0, at);
  const slash = named.indexOf('/');
  const first = slash < 0 ? '' : named.slice(0, slash);
  // A first part that cannot be a repository's is a host.
  const isHost = /[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase();
  if (isHost && !DOMAIN.test(first)) throw bad(`"${first}" is not a host`);
  const rest = isHost ? named.slice(slash + 1) : named;
  const colon = rest.indexOf(':');
  const path = colon < 0 ? rest : rest.slice(0, colon);
  const tag = colon < 0 ? undefined : rest.slice(colon + 1);
  if (tag !== undefined && !TAG.test(tag)) throw bad(`"${tag}" is not a tag`);
  if (!PATH.test(path)) {
    throw bad(path !== path.toLowerCase() ? 'a repository has no capital letters' : `"${path}" is not a repository`);
  }
  const registry = !isHost || HUB_ALIASES.includes(first) ? HUB : first;
  const repository = registry === HUB && !path.includes('/') ? `library/${path}` : path;
  if (registry.length + 1 + repository.length > MAX_NAME) throw bad(`its name is longer than ${MAX_NAME} characters`);
  return {
    registry,
    repository,
    ...(tag !== undefined ? { tag } : digest === undefined ? { tag: 'latest' } : {}),
    ...(digest === undefined ? {} : { digest }),
  };
}

/** In full: `docker.io/library/busybox:latest`. */
export function formatReference({ registry, repository, tag, digest }: ImageReference): string {
  return `${registry}/${repository}${tag === undefined ? '' : `:${tag}`}${digest === undefined ? '' : `@${digest}`}`;
}

/** As people write it: without `docker.io/` and `library/`. */
export function familiarReference(reference: ImageReference): string {
  const full = formatReference(reference);
  return full.startsWith(`${HUB}/library/`)
    ? full.slice(`${HUB}/library/`.length)
    : full.startsWith(`${HUB}/`)
      ? full.slice(HUB.length + 1)
      : full;
}

/** What a registry is asked for: the digest decides where there is one. */
export function askedFor({ tag, digest }: ImageReference): string {
  return digest ?? tag ?? 'latest';
}
