import { TRANSIENT_CLASSES } from '../../errors/error-class.ts';
import { type Adaptation, changePolicy, PROFILES, type RetryPolicy } from '../../resilience/policy.ts';

/** With another source at hand, one that does not answer is not insisted on. */
const WITH_FALLBACK: Adaptation = { broken_state: { delayMs: 0, maxDelayMs: 0 } };

/**
 * How an installation of packages is tried: as the profile `install`, and again after what is mended or cleaned up
 * between two attempts.
 *
 * @param changes what the user wants otherwise
 * @param sources how many there are
 */
export function packagePolicy(changes: Partial<RetryPolicy>, sources: number): Partial<RetryPolicy> {
  const { adapt } = changePolicy(
    { ...PROFILES.install, adapt: sources > 1 ? WITH_FALLBACK : PROFILES.install.adapt },
    changes,
  );
  return {
    retryOn: [...TRANSIENT_CLASSES, 'broken_state', 'checksum'],
    ...(adapt === undefined ? {} : { adapt }),
    ...changes,
  };
}

/** When an attempt that began now has to be over, in milliseconds since the epoch. @param began of the whole */
export function attemptDeadline(policy: Partial<RetryPolicy>, began: number, now: number): number {
  const { timeoutMs = PROFILES.install.timeoutMs, budgetMs = Number.POSITIVE_INFINITY } = policy;
  return Math.min(now + timeoutMs, began + budgetMs);
}
