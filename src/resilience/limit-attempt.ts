import type { Clock } from './time.ts';

/** The time of one attempt, and its end with what it belongs to. */
export interface AttemptLimit {
  /** Aborted with the outer signal, or when the time is up. */
  readonly signal: AbortSignal;
  /** Told to stop, it did not: it may still be at work, and must not be started a second time beside itself. */
  readonly abandoned: boolean;
  /** Waits for the work; once the signal is aborted, for as long as `graceMs`: work that heeds nothing must not hang. */
  wait<T>(work: Promise<T>): Promise<T>;
  /** Releases the timer and the outer signal. */
  clear(): void;
}

export interface LimitOptions {
  clock: Clock;
  signal?: AbortSignal | undefined;
  /** Milliseconds; Infinity for no limit. */
  timeoutMs: number;
  /** How long work that was told to stop is waited for. */
  graceMs: number;
  /** Why it is told to stop when the time is up. */
  expired: () => Error;
}

export function limitAttempt({ clock, signal: outer, timeoutMs, graceMs, expired }: LimitOptions): AttemptLimit {
  const controller = new AbortController();
  const { signal } = controller;
  const stop = () => controller.abort(outer?.reason);
  if (outer?.aborted) stop();
  else outer?.addEventListener('abort', stop, { once: true });
  const cancelTimeout = Number.isFinite(timeoutMs)
    ? clock.after(timeoutMs, () => controller.abort(expired()))
    : undefined;
  let cancelGrace: (() => void) | undefined;
  let abandoned = false;
  return {
    signal,
    get abandoned() {
      return abandoned;
    },
    async wait(work) {
      const stuck = new Promise<never>((_, reject) => {
        const leave = () => {
          abandoned = true;
          reject(signal.reason);
        };
        const startGrace = () => {
          cancelGrace = clock.after(graceMs, leave);
        };
        if (signal.aborted) startGrace();
        else signal.addEventListener('abort', startGrace, { once: true });
      });
      return await Promise.race([work, stuck]);
    },
    clear() {
      cancelTimeout?.();
      cancelGrace?.();
      outer?.removeEventListener('abort', stop);
    },
  };
}
