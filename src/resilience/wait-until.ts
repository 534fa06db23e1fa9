import type { Clock } from './time.ts';

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

/** What one look at something found that is to become ready. */
export type Readiness = { ready: true; answer: string } | { ready: false; reason: string };

export interface ReadinessOptions {
  clock: Clock;
  signal: AbortSignal;
  timeoutMs: number;
  /** Pause between two looks. */
  intervalMs: number;
  /** Of one look, in milliseconds; never beyond the deadline. Default: the whole time. */
  lookMs?: number;
  /** Hears why it is not ready, whenever that changes. */
  onReason?: (reason: string) => void;
}

/**
 * Looks at a fixed pace until something is ready.
 *
 * @param look one look; it must heed the signal, which ends it with the time of a look or of everything
 * @returns the last look: ready, or why it was not
 * @throws what `look` throws; the signal's reason when aborted
 */
export async function awaitReady(
  look: (signal: AbortSignal) => Promise<Readiness>,
  options: ReadinessOptions,
): Promise<Readiness> {
  const { clock, signal, timeoutMs, intervalMs, lookMs = timeoutMs, onReason } = options;
  const deadline = clock.now() + timeoutMs;
  let last: Readiness = { ready: false, reason: 'not looked at' };
  const lookAgain = async (): Promise<Readiness | undefined> => {
    // A look that begins at the deadline still gets a moment.
    const found = await lookOnce(look, Math.max(Math.min(lookMs, deadline - clock.now()), SHORTEST_LOOK_MS), options);
    if (!found.ready && (last.ready || last.reason !== found.reason)) onReason?.(found.reason);
    last = found;
    return found.ready ? found : undefined;
  };
  await waitUntil(lookAgain, { clock, signal, timeoutMs, intervalMs, maxIntervalMs: intervalMs });
  return last;
}

const SHORTEST_LOOK_MS = 500;

/** One look, for so long at most. @throws what `look` throws; the signal's reason when aborted */
export async function lookOnce(
  look: (signal: AbortSignal) => Promise<Readiness>,
  ms: number,
  { clock, signal }: Pick<ReadinessOptions, 'clock' | 'signal'>,
): Promise<Readiness> {
  const over = new AbortController();
  const cancel = clock.after(ms, () => over.abort());
  try {
    return await look(AbortSignal.any([signal, over.signal]));
  } catch (thrown) {
    signal.throwIfAborted();
    if (over.signal.aborted) return { ready: false, reason: `no answer within ${ms / 1000} s` };
    throw thrown;
  } finally {
    cancel();
  }
}
