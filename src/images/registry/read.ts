import { InstallerError } from '../../errors/installer-error.ts';
import { askedFor, formatReference, type ImageReference } from '../reference.ts';
import type { RegistryApi, Repository } from './api.ts';
import { unreachable } from './connections.ts';
import { ACCEPTED, digestOf, type Manifest, wrongDigest } from './manifest.ts';
import { readBody } from './read-body.ts';
import { refusal } from './refusal.ts';

export interface ManifestHead {
  mediaType: string;
  /** As the registry says; absent where it does not say. */
  digest?: string;
}

/**
 * Asks whether an image is there, without taking it.
 *
 * @throws InstallerError with its class: not_found, unauthorized, rate_limited, …; `checksum` for an answer that is not
 *   what was asked for by digest
 */
export async function headManifest(
  api: RegistryApi,
  image: ImageReference,
  signal?: AbortSignal,
): Promise<ManifestHead> {
  const answer = await api.request(image, `manifests/${askedFor(image)}`, {
    method: 'HEAD',
    headers: { accept: ACCEPTED },
    signal,
  });
  await answer.body.dump();
  // Some proxies know no HEAD; asking for the whole tells as much.
  if (answer.statusCode === 405) {
    const { mediaType, digest } = await getManifest(api, image, signal);
    return { mediaType, digest };
  }
  if (answer.statusCode !== 200) throw refusal(formatReference(image), answer);
  const digest = answer.headers['docker-content-digest'];
  if (typeof digest !== 'string') return { mediaType: mediaTypeOf(answer.headers['content-type']) };
  if (image.digest !== undefined && digest !== image.digest) {
    throw wrongDigest(formatReference(image), image.digest, digest);
  }
  return { mediaType: mediaTypeOf(answer.headers['content-type']), digest };
}

/** A manifest, checked against the digest asked for. @throws InstallerError as {@link headManifest} */
export async function getManifest(api: RegistryApi, image: ImageReference, signal?: AbortSignal): Promise<Manifest> {
  const answer = await api.request(image, `manifests/${askedFor(image)}`, {
    method: 'GET',
    headers: { accept: ACCEPTED },
    signal,
  });
  const bytes = await bodyOf(image, answer.body);
  if (answer.statusCode !== 200) throw refusal(formatReference(image), answer, bytes.toString('utf8'));
  const said = answer.headers['docker-content-digest'];
  const expected = image.digest ?? (typeof said === 'string' ? said : undefined);
  const digest = digestOf(bytes, expected?.startsWith('sha512:') ? 'sha512' : 'sha256');
  if (expected !== undefined && digest !== expected) throw wrongDigest(formatReference(image), expected, digest);
  return { mediaType: mediaTypeOf(answer.headers['content-type']), digest, bytes };
}

/** A small blob, checked. @throws InstallerError with its class; `checksum` */
export async function getSmallBlob(
  api: RegistryApi,
  repository: Repository,
  digest: string,
  signal?: AbortSignal,
): Promise<Buffer> {
  const { body } = await openBlob(api, repository, digest, { signal });
  const bytes = await bodyOf(repository, body);
  const received = digestOf(bytes, digest.split(':')[0]);
  if (received !== digest) throw wrongDigest(`${formatReference(repository)}@${digest}`, digest, received);
  return bytes;
}

/**
 * Opens a blob; its bytes are not checked here.
 *
 * @param options `from`: the first byte that is wanted
 * @throws InstallerError with its class
 */
export async function openBlob(
  api: RegistryApi,
  repository: Repository,
  digest: string,
  { from = 0, signal }: { from?: number; signal?: AbortSignal | undefined },
): Promise<{ body: AsyncIterable<Buffer>; from: number }> {
  const answer = await api.request(repository, `blobs/${digest}`, {
    method: 'GET',
    headers: from === 0 ? {} : { range: `bytes=${from}-` },
    signal,
  });
  if (answer.statusCode === 200) return { body: answer.body, from: 0 };
  if (answer.statusCode === 206 && from > 0) {
    const start = Number(/^bytes (\d+)-/.exec(String(answer.headers['content-range']))?.[1] ?? Number.NaN);
    if (start === from) return { body: answer.body, from };
    await answer.body.dump();
    throw new InstallerError(
      'step_failed',
      `${formatReference(repository)}@${digest}: another part came than asked for`,
    );
  }
  const text = (await bodyOf(repository, answer.body)).toString('utf8');
  throw refusal(`${formatReference(repository)}@${digest}`, answer, text);
}

async function bodyOf({ registry }: Repository, body: AsyncIterable<Uint8Array>): Promise<Buffer> {
  try {
    return await readBody(body);
  } catch (thrown) {
    throw unreachable(registry, thrown);
  }
}

function mediaTypeOf(header: string | string[] | undefined): string {
  return (
    String(header ?? '')
      .split(';', 1)[0]
      ?.trim() ?? ''
  );
}
