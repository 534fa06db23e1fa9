import type { StepContext } from '../../engine/step.ts';
import { toInstallerError } from '../../errors/installer-error.ts';
import { mapLimited } from '../../images/map-limited.ts';
import { pullImage } from '../../steps/images/pull-image.ts';
import type { ClusterConfig } from '../provider.ts';
import { findLocalImages } from './load-images.ts';
import { programEnv } from './names.ts';

/** Registries answer a few requests at once well; disks and lines do not become faster by more. */
const AT_ONCE = 3;

/**
 * Pulls into Docker what it lacks, through the guard: retries that fit the trouble, breakers, statistics. What cannot be
 * pulled is told and left to the cluster's own node, which may know other mirrors or logins.
 *
 * @param images references as the pods will ask for them
 * @throws InstallerError `engine_unreachable`; the signal's reason when aborted
 */
export async function pullMissing(ctx: StepContext, config: ClusterConfig, images: readonly string[]): Promise<void> {
  const local = new Set(await findLocalImages(ctx, config, images));
  const missing = images.filter((image) => !local.has(image));
  let done = 0;
  await mapLimited(missing, AT_ONCE, async (image) => {
    ctx.progress(`pulling ${image}`, { done, total: missing.length, item: image });
    try {
      await pullImage(ctx, image, { env: programEnv(config) });
    } catch (thrown) {
      ctx.signal.throwIfAborted();
      const { message, details } = toInstallerError(thrown);
      ctx.notice(
        `${image} could not be pulled (${details.class ?? 'unknown'}): ${message}; the node tries itself`,
        'warning',
      );
    }
    done += 1;
  });
}
