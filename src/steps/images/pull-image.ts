import type { StepContext } from '../../engine/step.ts';
import { InstallerError } from '../../errors/installer-error.ts';
import { parseReference } from '../../images/reference.ts';
import type { CommandPlace } from '../command.ts';

/**
 * Pulls an image into Docker, by its own registry's policy and breaker.
 *
 * @param image reference as Docker is to know it
 * @param given the environment of `docker`, and the secrets in it
 * @throws InstallerError of the last attempt, in Docker's words; the signal's reason when aborted
 */
export async function pullImage(
  ctx: StepContext,
  image: string,
  given: Pick<CommandPlace, 'env' | 'secrets'>,
): Promise<void> {
  const target = { kind: 'registry', name: parseReference(image).registry } as const;
  await ctx.guard.call(
    target,
    async ({ signal }) => {
      try {
        await ctx.exec({ file: 'docker', args: ['pull', '--quiet', image], signal, ...given });
      } catch (thrown) {
        const said = thrown instanceof InstallerError ? thrown.details.tail?.at(-1) : undefined;
        // The exit code says nothing; docker's last line does.
        throw said === undefined ? thrown : new InstallerError('step_failed', said, (thrown as InstallerError).details);
      }
    },
    { profile: 'install' },
  );
}
