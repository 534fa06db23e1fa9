import { InstallerError, toInstallerError } from '../../errors/installer-error.ts';
import { calmGuard } from '../calm-guard.ts';
import type { CheckedImage } from '../check-images.ts';
import { mapLimited } from '../map-limited.ts';
import { mirrored } from '../mirrored-name.ts';
import type { Platform } from '../platform.ts';
import { familiarReference, formatReference, type ImageReference } from '../reference.ts';
import { type CopyPorts, createBlobCopier } from './blob-copier.ts';
import { type CopiedImage, copyImage } from './copy-image.ts';

/** An image and its place in the mirror. */
export interface MirrorJob {
  image: CheckedImage;
  from: ImageReference;
  to: ImageReference;
  /** Undefined: all. */
  platform: Platform | undefined;
}

/** What became of it: copied, or why not. */
export type Mirrored = MirrorJob & ({ copied: CopiedImage } | { error: InstallerError });

const IMAGES_AT_ONCE = 4;

/**
 * Where each image goes in the mirror. One that is pinned by digest goes with all of its platforms, since the digest is
 * that of all.
 *
 * @param images as they were found, each once
 * @param prefix of the mirror: host, optionally with port and path
 * @param allPlatforms whether all go with all
 * @throws InstallerError `usage` for the prefix; `config`: a reference that is none, or two images that would have one
 *   name in the mirror
 */
export function planMirror(
  images: readonly CheckedImage[],
  prefix: string,
  allPlatforms: boolean,
): readonly MirrorJob[] {
  const jobs = new Map<string, MirrorJob>();
  for (const image of images) {
    const { reference: from, error, platform } = image;
    if (from === undefined) throw error ?? new InstallerError('config', `"${image.text}" is not an image reference`);
    const to = mirrored(from, prefix);
    const name = formatReference(to);
    const other = jobs.get(name);
    if (other !== undefined && formatReference(other.from) !== formatReference(from)) {
      throw new InstallerError(
        'config',
        `${formatReference(other.from)} and ${formatReference(from)} would have one name in the mirror: ${name}`,
        { hint: 'mirror them one by one, with different prefixes in --to' },
      );
    }
    // For two platforms it goes with all of them.
    const one = allPlatforms || from.digest !== undefined || other !== undefined ? undefined : platform;
    const places = [...(other?.image.places ?? []), ...image.places];
    jobs.set(name, { image: { ...image, places }, from, to, platform: one });
  }
  return [...jobs.values()];
}

/**
 * Copies images into the mirror, some at once. One that fails does not keep the others from being copied; what was
 * copied is found there by the next call.
 *
 * @param onDone hears of each as soon as it is done
 * @throws the signal's reason when aborted
 */
export async function mirrorImages(
  jobs: readonly MirrorJob[],
  ports: CopyPorts,
  onDone: (mirrored: Mirrored) => void,
): Promise<readonly Mirrored[]> {
  const copyBlob = createBlobCopier(ports);
  const calm = { ...ports, guard: { ...ports.guard, ...calmGuard(ports.guard) } };
  return await mapLimited(jobs, IMAGES_AT_ONCE, async (job) => {
    const done = await mirrorOne(job, calm, copyBlob);
    onDone(done);
    return done;
  });
}

async function mirrorOne(
  job: MirrorJob,
  ports: CopyPorts,
  copyBlob: ReturnType<typeof createBlobCopier>,
): Promise<Mirrored> {
  try {
    return { ...job, copied: await copyImage(ports, copyBlob, job.from, job.to, job.platform) };
  } catch (thrown) {
    ports.signal?.throwIfAborted();
    return { ...job, error: toInstallerError(thrown) };
  }
}

/** How a mirrored image is asked for: by its tag, and by the digest that was put there. */
export function pinnedReference({ to }: MirrorJob, { digest }: CopiedImage): string {
  return familiarReference({ ...to, digest });
}
