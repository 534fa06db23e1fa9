import { InstallerError, toInstallerError } from '../errors/installer-error.ts';
import type { Guard } from '../resilience/guard.ts';
import { calmGuard } from './calm-guard.ts';
import type { FoundImage } from './find/found-image.ts';
import { type InspectedImage, inspectImage } from './inspect-image.ts';
import type { KnownPlatforms } from './known-platforms.ts';
import { type FindLocal, findLocalImages } from './local-images.ts';
import { mapLimited } from './map-limited.ts';
import { mirrored } from './mirrored-name.ts';
import { formatPlatform, type Platform, parsePlatform } from './platform.ts';
import { formatReference, type ImageReference, parseReference } from './reference.ts';
import type { RegistryApi } from './registry/api.ts';

export interface CheckOptions {
  api: RegistryApi;
  guard: Pick<Guard, 'call'>;
  env: Readonly<Record<string, string | undefined>>;
  /** That the images must run on, where a file says nothing else. */
  platform: Platform;
  /** Prefix of the registry that all are taken from. */
  mirror?: string | undefined;
  /** Whether what Docker has here counts. */
  local: boolean;
  /** What earlier checks have learnt. */
  known?: KnownPlatforms;
  signal?: AbortSignal;
  onProgress?: (done: number, total: number) => void;
}

/** What became of one image, wherever it is asked for. */
export interface CheckedImage {
  /** As written. */
  text: string;
  places: readonly FoundImage[];
  /** Where it was looked for: in full, in the mirror if there is one. Absent when it cannot be told. */
  reference?: ImageReference;
  platform: Platform;
  /** How it is had; absent when it cannot be. */
  found?: 'docker' | 'registry';
  digest?: string;
  /** Why it cannot be had. */
  error?: InstallerError;
}

/** Asked at once. */
const LIMIT = 16;

/**
 * Checks whether images can be had: each once, many at a time.
 *
 * @returns in the order in which they were found
 * @throws the signal's reason when aborted; nothing else: what cannot be had is told in the results
 */
export async function checkImages(found: readonly FoundImage[], options: CheckOptions): Promise<CheckedImage[]> {
  const images = groupImages(found, options);
  const known = images.flatMap(({ reference }) => reference ?? []);
  const findLocal: FindLocal = options.local ? await findLocalImages(known, options.env) : () => undefined;
  const calm = { ...options, guard: calmGuard(options.guard) };
  let done = 0;
  return await mapLimited(images, LIMIT, async (image) => {
    const checked = await checkOne(image, findLocal, calm);
    done += 1;
    options.onProgress?.(done, images.length);
    return checked;
  });
}

/**
 * Looks one image up at its registry, with retries.
 *
 * @throws InstallerError why it cannot be had
 */
export function lookUpImage(
  reference: ImageReference,
  platform: Platform,
  { api, guard, signal, known }: Pick<CheckOptions, 'api' | 'guard' | 'signal' | 'known'>,
): Promise<InspectedImage> {
  return guard.call(
    { kind: 'registry', name: reference.registry },
    (attempt) => inspectImage(api, reference, platform, attempt.signal, known),
    signal === undefined ? {} : { signal },
  );
}

/** The images that places ask for, not looked up yet: the same image for the same platform once. */
export function groupImages(
  found: readonly FoundImage[],
  { platform, mirror }: Pick<CheckOptions, 'platform' | 'mirror'>,
): CheckedImage[] {
  const images = new Map<string, CheckedImage & { places: FoundImage[] }>();
  for (const place of found) {
    const image = readPlace(place, platform, mirror);
    const name = image.reference === undefined ? place.text : formatReference(image.reference);
    const key = `${name} ${formatPlatform(image.platform)}`;
    const same = images.get(key);
    if (same === undefined) images.set(key, { ...image, places: [place] });
    else same.places.push(place);
  }
  return [...images.values()];
}

function readPlace(place: FoundImage, usual: Platform, mirror: string | undefined): CheckedImage {
  const image = { text: place.text, places: [place] };
  try {
    if (place.problem !== undefined) throw new InstallerError('config', `"${place.text}": ${place.problem}`);
    const platform = place.platform === undefined ? usual : parsePlatform(place.platform);
    const written = parseReference(place.text);
    return { ...image, platform, reference: mirror === undefined ? written : mirrored(written, mirror) };
  } catch (thrown) {
    return { ...image, platform: usual, error: toInstallerError(thrown) };
  }
}

async function checkOne(image: CheckedImage, findLocal: FindLocal, options: CheckOptions): Promise<CheckedImage> {
  const { reference, platform } = image;
  if (reference === undefined) return image;
  const local = findLocal(reference, platform);
  if (local !== undefined) {
    return { ...image, found: 'docker', ...(local.digest === undefined ? {} : { digest: local.digest }) };
  }
  try {
    const { digest, platform: fitting } = await lookUpImage(reference, platform, options);
    return { ...image, found: 'registry', digest, platform: fitting };
  } catch (thrown) {
    options.signal?.throwIfAborted();
    return { ...image, error: toInstallerError(thrown) };
  }
}
