import type { StepContext } from '../../engine/step.ts';
import { InstallerError, toInstallerError } from '../../errors/installer-error.ts';
import { mapLimited } from '../../images/map-limited.ts';
import { parseReference } from '../../images/reference.ts';
import type { ClusterConfig } from '../provider.ts';
import { docker } from './docker.ts';
import { findLocalImages } from './load-images.ts';

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
      await pullImage(ctx, config, image);
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

/** @throws InstallerError of the last attempt */
export async function pullImage(ctx: StepContext, config: ClusterConfig, image: string): Promise<void> {
  const target = { kind: 'registry', name: parseReference(image).registry } as const;
  await ctx.guard.call(
    target,
    async ({ signal }) => {
      try {
        await ctx.exec(docker(config, ['pull', '--quiet', image], { signal }));
      } catch (thrown) {
        const said = thrown instanceof InstallerError ? thrown.details.tail?.at(-1) : undefined;
        // The exit code says nothing; docker's last line does.
        throw said === undefined ? thrown : new InstallerError('step_failed', said, (thrown as InstallerError).details);
      }
    },
    { profile: 'install' },
  );
}
