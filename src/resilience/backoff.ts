import type { Random } from './time.ts';

/** Beyond every cap; a power that grows to infinity would make no number of a delay of 0. */
const MOST_DOUBLINGS = 60;

/**
 * Delay before the next attempt: exponential with a cap, and with full jitter unless a policy says otherwise
 * (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).
 *
 * @param policy milliseconds; `jitter` is the share that chance decides, 0 to 1
 * @param failed number of attempts that failed so far, from 1
 * @returns milliseconds, between (1 - jitter) of min(maxDelayMs, delayMs * 2^(failed-1)) and all of it
 */
export function backoffMs(
  { delayMs, maxDelayMs, jitter = 1 }: { delayMs: number; maxDelayMs: number; jitter?: number },
  failed: number,
  random: Random,
): number {
  const ceiling = Math.min(maxDelayMs, delayMs * 2 ** Math.min(failed - 1, MOST_DOUBLINGS));
  const certain = Math.floor(ceiling * (1 - jitter));
  return certain + Math.floor(random() * (ceiling - certain + 1));
}
