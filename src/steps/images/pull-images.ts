import type { Outputs } from '../../engine/record.ts';
import type { StepContext } from '../../engine/step.ts';
import type { CheckedImage } from '../../images/check-images.ts';
import { familiarReference } from '../../images/reference.ts';
import type { CommandPlace } from '../command.ts';
import { pullImage } from './pull-image.ts';

/** Each image that Docker has not, by its own registry's policy and breaker. */
export async function pullImages(
  ctx: StepContext,
  checked: readonly CheckedImage[],
  place: CommandPlace,
): Promise<Outputs> {
  const missing = checked.flatMap(({ found, reference, text }) =>
    found === 'registry' && reference ? [{ reference, text }] : [],
  );
  const given = {
    ...(place.env === undefined ? {} : { env: place.env }),
    ...(place.secrets === undefined ? {} : { secrets: place.secrets }),
  };
  for (const [done, { reference, text }] of missing.entries()) {
    ctx.progress(`pulling ${text}`, { done, total: missing.length, item: text });
    await pullImage(ctx, familiarReference(reference), given);
  }
  return { images: checked.length, images_pulled: missing.length };
}
