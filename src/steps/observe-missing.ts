import type { Outputs } from '../engine/record.ts';
import type { Observation, StepContext } from '../engine/step.ts';

/**
 * What a look at the parts of a step tells, such as the packages that it installs.
 *
 * @param missing what lacks or differs, one phrase each
 * @param outputs recorded when nothing is missing
 */
export function observeMissing(
  ctx: StepContext,
  missing: readonly string[],
  outputs: Outputs | undefined,
): Observation {
  const [reason] = missing;
  if (reason === undefined) return { state: 'present', ...(outputs === undefined ? {} : { outputs }) };
  return { state: stateOfMissing(ctx), reason, details: missing };
}

/** What is not there is unhealthy if the step had once made it. */
export function stateOfMissing({ recorded }: Pick<StepContext, 'recorded'>): 'unhealthy' | 'absent' {
  return recorded?.status === 'completed' ? 'unhealthy' : 'absent';
}
