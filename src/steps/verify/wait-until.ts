import type { Clock } from '../../engine/ports.ts';

export interface WaitOptions {
  clock: Clock;
  signal: AbortSignal;
  timeoutMs: number;
  /** Pause after the first look that fails; grows by half each time, up to `maxIntervalMs`. */
  intervalMs?: number;
  maxIntervalMs?: number;
}

/**
 * Looks again and again until something is there.
 *
 * @param look gives undefined as long as it is not
 * @returns what was found; undefined when the time was over
 * @throws what `look` throws; the signal's reason when aborted
 */
export async function waitUntil<T>(look: () => Promise<T | undefined>, options: WaitOptions): Promise<T | undefined> {
  const { clock, signal, timeoutMs, intervalMs = 200, maxIntervalMs = 1_000 } = options;
  const deadline = clock.now() + timeoutMs;
  for (let pause = intervalMs; ; pause = Math.min(pause * 1.5, maxIntervalMs)) {
    signal.throwIfAborted();
    const found = await look();
    if (found !== undefined) return found;
    const left = deadline - clock.now();
    if (left <= 0) return undefined;
    await clock.sleep(Math.min(pause, left), signal);
  }
}
