import { InstallerError } from '../errors/installer-error.ts';
import type { KnownPlatforms } from './known-platforms.ts';
import { fits, formatPlatform, type Platform } from './platform.ts';
import { formatReference, type ImageReference } from './reference.ts';
import type { RegistryApi } from './registry/api.ts';
import { entriesOf, isIndex, partsOf, platformOfConfig } from './registry/manifest.ts';
import { getManifest, getSmallBlob, headManifest } from './registry/read.ts';

export interface InspectedImage {
  /** Of what the reference names: the index's, where there is one. */
  digest: string;
  /** The one that fits. */
  platform: Platform;
}

/**
 * Asks a registry for an image without taking it: whether it is there, by which digest, and for which platform. One
 * attempt.
 *
 * @param known platforms of digests that were seen before: then one HEAD is all, which no registry counts as a pull
 * @throws InstallerError with its class; `not_found` also when there is nothing for the platform
 */
export async function inspectImage(
  api: RegistryApi,
  image: ImageReference,
  wanted: Platform,
  signal?: AbortSignal,
  known?: Pick<KnownPlatforms, 'get' | 'add'>,
): Promise<InspectedImage> {
  const head = await headManifest(api, image, signal);
  const seen = head.digest === undefined ? undefined : known?.get(head.digest);
  const { digest, offered } =
    head.digest !== undefined && seen !== undefined
      ? { digest: head.digest, offered: seen }
      : await readPlatforms(api, head.digest === undefined ? image : { ...image, digest: head.digest }, signal);
  if (seen === undefined) known?.add(digest, offered);
  const platform = offered.find((one) => fits(one, wanted));
  if (platform !== undefined) return { digest, platform };
  const others = offered.map(formatPlatform).join(', ') || 'none that it names';
  throw new InstallerError(
    'step_failed',
    `${formatReference(image)} is not made for ${formatPlatform(wanted)}, but for ${others}`,
    { class: 'not_found', hint: 'choose another platform with --platform, or another image' },
  );
}

/** @param image by the digest that was found, so that it is looked at whatever the tag names meanwhile */
async function readPlatforms(
  api: RegistryApi,
  image: ImageReference,
  signal: AbortSignal | undefined,
): Promise<{ digest: string; offered: readonly Platform[] }> {
  const manifest = await getManifest(api, image, signal);
  const offered = isIndex(manifest.mediaType)
    ? entriesOf(manifest).flatMap(({ platform }) => (platform === undefined ? [] : [platform]))
    : await platformOfImage(api, image, manifest, signal);
  // Attestations stand in an index as images for no platform.
  return { digest: manifest.digest, offered: offered.filter(({ os }) => os !== 'unknown') };
}

/** What has no index is for one platform, which its configuration names. */
async function platformOfImage(
  api: RegistryApi,
  image: ImageReference,
  manifest: Parameters<typeof partsOf>[0],
  signal: AbortSignal | undefined,
): Promise<readonly Platform[]> {
  const { config } = partsOf(manifest);
  const platform = platformOfConfig(await getSmallBlob(api, image, config.digest, signal));
  return platform === undefined ? [] : [platform];
}
