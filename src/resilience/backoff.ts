import type { Random } from './time.ts';

/** Beyond every cap; a power that grows to infinity would make no number of a delay of 0. */
const MOST_DOUBLINGS = 60;

/**
 * Delay before the next attempt: exponential with full jitter and a cap
 * (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
 *
 * @param failed number of attempts that failed so far, from 1
 * @returns milliseconds, between 0 and min(maxDelayMs, delayMs * 2^(failed-1))
 */
export function backoffMs(policy: { delayMs: number; maxDelayMs: number }, failed: number, random: Random): number {
  const ceiling = Math.min(policy.maxDelayMs, policy.delayMs * 2 ** Math.min(failed - 1, MOST_DOUBLINGS));
  return Math.floor(random() * (ceiling + 1));
}
