import { InstallerError } from '../errors/installer-error.ts';
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
 * @throws InstallerError with its class; `not_found` also when there is nothing for the platform
 */
export async function inspectImage(
  api: RegistryApi,
  image: ImageReference,
  wanted: Platform,
  signal?: AbortSignal,
): Promise<InspectedImage> {
  const head = await headManifest(api, image, signal);
  // By digest, so that what is looked at is what was found, whatever the tag names meanwhile.
  const pinned = head.digest === undefined ? image : { ...image, digest: head.digest };
  const manifest = await getManifest(api, pinned, signal);
  const offered = isIndex(manifest.mediaType)
    ? entriesOf(manifest).flatMap(({ platform }) => (platform === undefined ? [] : [platform]))
    : await platformOfImage(api, image, manifest, signal);
  const platform = offered.find((one) => fits(one, wanted));
  if (platform !== undefined) return { digest: manifest.digest, platform };
  const others = offered.filter(({ os }) => os !== 'unknown').map(formatPlatform);
  throw new InstallerError(
    'step_failed',
    `${formatReference(image)} is not made for ${formatPlatform(wanted)}, but for ${others.join(', ') || 'none that it names'}`,
    { class: 'not_found', hint: 'choose another platform with --platform, or another image' },
  );
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
