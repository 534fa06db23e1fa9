import { InstallerError } from '../../errors/installer-error.ts';
import { fits, formatPlatform, type Platform } from '../platform.ts';
import { formatReference, type ImageReference } from '../reference.ts';
import { ACCEPTED, type Descriptor, entriesOf, isIndex, type Manifest, partsOf } from '../registry/manifest.ts';
import { getManifest } from '../registry/read.ts';
import { putManifest, storedDigest } from '../registry/write.ts';
import type { CopyBlob, CopyPorts } from './blob-copier.ts';

export interface CopiedImage {
  /** Of what the target has now. */
  digest: string;
  /** Sent to the target; 0 when it had everything. */
  bytes: number;
  /** The target had it already. */
  wasThere: boolean;
}

/** Layers that their registry only points to, such as those of Windows: their licence forbids to copy them. */
const FOREIGN = /foreign|nondistributable/;

/**
 * Copies an image by its digests: first what it is made of, then the manifest that names it, so that what has a name in
 * the target is whole. What the target has is not sent again.
 *
 * @param platform the one that is copied; undefined: all, with their index
 * @throws InstallerError with its class
 */
export async function copyImage(
  ports: CopyPorts,
  copyBlob: CopyBlob,
  from: ImageReference,
  to: ImageReference,
  platform: Platform | undefined,
): Promise<CopiedImage> {
  const top = await takeManifest(ports, from);
  const manifest =
    platform === undefined || !isIndex(top.mediaType) ? top : await ofPlatform(ports, from, top, platform);
  const { digest } = manifest;
  const { api } = ports;
  const { digest: _asked, ...byTag } = to;
  const named = to.tag === undefined ? to : byTag;
  const stored = await ask(ports, to, (signal) => storedDigest(api, named, ACCEPTED, signal));
  if (stored === digest) return { digest, bytes: 0, wasThere: true };
  const bytes = await copyParts(ports, copyBlob, from, to, manifest);
  await ask(ports, to, (signal) => putManifest(api, named, manifest, signal));
  return { digest, bytes, wasThere: false };
}

/** Everything that a manifest names, but not the manifest itself. @returns bytes sent */
async function copyParts(
  ports: CopyPorts,
  copyBlob: CopyBlob,
  from: ImageReference,
  to: ImageReference,
  manifest: Manifest,
): Promise<number> {
  if (!isIndex(manifest.mediaType)) {
    const { config, layers } = partsOf(manifest);
    const blobs: Descriptor[] = [config, ...layers.filter(({ mediaType }) => !FOREIGN.test(mediaType))];
    return sum(await settle(blobs.map((blob) => copyBlob(from, to, blob))));
  }
  const copied = entriesOf(manifest).map(async ({ digest }) => {
    const child = await takeManifest(ports, byDigest(from, digest));
    const bytes = await copyParts(ports, copyBlob, from, to, child);
    await ask(ports, to, (signal) => putManifest(ports.api, byDigest(to, digest), child, signal));
    return bytes;
  });
  return sum(await settle(copied));
}

async function ofPlatform(
  ports: CopyPorts,
  from: ImageReference,
  index: Manifest,
  platform: Platform,
): Promise<Manifest> {
  const entry = entriesOf(index).find((one) => one.platform !== undefined && fits(one.platform, platform));
  if (entry !== undefined) return await takeManifest(ports, byDigest(from, entry.digest));
  throw new InstallerError('step_failed', `${formatReference(from)} is not made for ${formatPlatform(platform)}`, {
    class: 'not_found',
    hint: 'choose another with --platform, or all with --all-platforms',
  });
}

function takeManifest(ports: CopyPorts, from: ImageReference): Promise<Manifest> {
  return ask(ports, from, (signal) => getManifest(ports.api, from, signal));
}

function ask<T>({ guard, signal }: CopyPorts, image: ImageReference, work: (signal: AbortSignal) => Promise<T>) {
  const options = signal === undefined ? {} : { signal };
  return guard.call({ kind: 'registry', name: image.registry }, (attempt) => work(attempt.signal), options);
}

function byDigest({ registry, repository }: ImageReference, digest: string): ImageReference {
  return { registry, repository, digest };
}

/** All results; when one fails the others are waited for first, so that nothing goes on unseen. */
async function settle<T>(promises: readonly Promise<T>[]): Promise<readonly T[]> {
  await Promise.allSettled(promises);
  return await Promise.all(promises);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
