import { Readable } from 'node:stream';
import { InstallerError } from '../../errors/installer-error.ts';
import { askedFor, formatReference, type ImageReference } from '../reference.ts';
import type { RegistryApi, Repository } from './api.ts';
import { unreachable } from './connections.ts';
import type { Descriptor, Manifest } from './manifest.ts';
import { readBody } from './read-body.ts';
import { refusal } from './refusal.ts';

/** Whether a repository has a blob. @throws InstallerError with its class */
export async function hasBlob(
  api: RegistryApi,
  repository: Repository,
  digest: string,
  signal?: AbortSignal,
): Promise<boolean> {
  const answer = await api.request(repository, `blobs/${digest}`, { method: 'HEAD', push: true, signal });
  await answer.body.dump();
  if (answer.statusCode === 404) return false;
  if (answer.statusCode === 200) return true;
  throw refusal(`${formatReference(repository)}@${digest}`, answer);
}

/**
 * Begins to put a blob into a repository.
 *
 * @param mount a repository of the same registry that may have it: then nothing needs to be sent
 * @returns the address to send it to; undefined: it was mounted, the repository has it
 * @throws InstallerError with its class
 */
export async function startUpload(
  api: RegistryApi,
  repository: Repository,
  digest: string,
  { mount, signal }: { mount?: string | undefined; signal?: AbortSignal | undefined },
): Promise<string | undefined> {
  const query = mount === undefined ? '' : `?${new URLSearchParams({ mount: digest, from: mount })}`;
  const answer = await api.request(repository, `blobs/uploads/${query}`, {
    method: 'POST',
    push: true,
    ...(mount === undefined ? {} : { alsoPull: mount }),
    headers: { 'content-length': '0' },
    signal,
  });
  const text = await textOf(repository, answer.body);
  const location = answer.headers.location;
  if (answer.statusCode === 201 && mount !== undefined) return undefined;
  if (answer.statusCode !== 202 || typeof location !== 'string') {
    throw refusal(`${formatReference(repository)}: an upload`, answer, text);
  }
  return location;
}

/**
 * Sends a blob in one go and closes its upload; the registry compares the digest.
 *
 * @param location as {@link startUpload} gave it
 * @throws InstallerError with its class; what `body` throws
 */
export async function sendBlob(
  api: RegistryApi,
  repository: Repository,
  location: string,
  { digest, size }: Pick<Descriptor, 'digest' | 'size'>,
  body: AsyncIterable<Buffer>,
  signal?: AbortSignal,
): Promise<void> {
  const separator = location.includes('?') ? '&' : '?';
  const answer = await api.request(repository, `${location}${separator}digest=${encodeURIComponent(digest)}`, {
    method: 'PUT',
    push: true,
    headers: { 'content-type': 'application/octet-stream', 'content-length': String(size) },
    body: Readable.from(body, { objectMode: false }),
    signal,
  });
  const text = await textOf(repository, answer.body);
  if (answer.statusCode !== 201) throw refusal(`${formatReference(repository)}@${digest}`, answer, text);
}

/** Puts a manifest under the tag of `image`, or under its digest. @throws InstallerError with its class */
export async function putManifest(
  api: RegistryApi,
  image: ImageReference,
  { mediaType, bytes, digest }: Manifest,
  signal?: AbortSignal,
): Promise<void> {
  const name = image.tag ?? digest;
  const answer = await api.request(image, `manifests/${name}`, {
    method: 'PUT',
    push: true,
    headers: { 'content-type': mediaType },
    body: bytes,
    signal,
  });
  const text = await textOf(image, answer.body);
  if (answer.statusCode !== 201) throw refusal(formatReference(image), answer, text);
  const stored = answer.headers['docker-content-digest'];
  if (typeof stored === 'string' && stored !== digest) {
    throw new InstallerError('step_failed', `${formatReference(image)}: the registry has stored another manifest`, {
      class: 'checksum',
      lines: [`sent ${digest}`, `stored ${stored}`],
    });
  }
}

/** Digest that a repository has under a reference; undefined: nothing. @throws InstallerError with its class */
export async function storedDigest(
  api: RegistryApi,
  image: ImageReference,
  accept: string,
  signal?: AbortSignal,
): Promise<string | undefined> {
  const answer = await api.request(image, `manifests/${askedFor(image)}`, {
    method: 'HEAD',
    push: true,
    headers: { accept },
    signal,
  });
  await answer.body.dump();
  if (answer.statusCode === 404) return undefined;
  if (answer.statusCode !== 200) throw refusal(formatReference(image), answer);
  return String(answer.headers['docker-content-digest'] ?? '');
}

async function textOf({ registry }: Repository, body: AsyncIterable<Uint8Array>): Promise<string> {
  try {
    return (await readBody(body)).toString('utf8');
  } catch (thrown) {
    throw unreachable(registry, thrown);
  }
}
