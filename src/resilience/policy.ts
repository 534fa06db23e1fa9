import { type ErrorClass, TRANSIENT_CLASSES } from '../errors/error-class.ts';

/** How often and how patiently something is tried. */
export interface RetryPolicy {
  /** Of one attempt, in milliseconds. */
  timeoutMs: number;
  /** Tries in all; 1 is no retry. */
  attempts: number;
  /** Ceiling of the delay before the second attempt; doubled each time, full jitter, never above `maxDelayMs`. */
  delayMs: number;
  maxDelayMs: number;
  /** Share of a delay that chance decides, 0 to 1; the rest is certain. Default: 1, full jitter. */
  jitter?: number;
  /** Classes of error that are tried again. */
  retryOn: readonly ErrorClass[];
  /** Of everything: attempts, delays and what is done between them. Default: none. */
  budgetMs?: number;
  /** What the kind of trouble changes: a timeout deserves more attempts, and longer delays. */
  adapt?: Adaptation;
}

export type Adaptation = Readonly<
  Partial<Record<ErrorClass, Partial<Pick<RetryPolicy, 'attempts' | 'delayMs' | 'maxDelayMs' | 'jitter'>>>>
>;

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

/** Timeouts: 5 attempts, 10 s to 120 s. Whoever holds a lock or repairs itself is asked again soon. */
const ADAPTATION: Adaptation = {
  network_timeout: { attempts: 5, delayMs: 10 * SECOND, maxDelayMs: 120 * SECOND },
  lock_held: { attempts: 30, delayMs: 2 * SECOND, maxDelayMs: 10 * SECOND },
  broken_state: { delayMs: 0, maxDelayMs: 0 },
};

/** The policies that have names; `--kind` of the command `retry` chooses one. */
export const PROFILES = {
  install: {
    timeoutMs: 15 * MINUTE,
    attempts: 3,
    delayMs: 5 * SECOND,
    maxDelayMs: 60 * SECOND,
    retryOn: TRANSIENT_CLASSES,
    adapt: ADAPTATION,
  },
  deploy: {
    timeoutMs: 180 * SECOND,
    attempts: 4,
    delayMs: 15 * SECOND,
    maxDelayMs: 45 * SECOND,
    retryOn: TRANSIENT_CLASSES,
  },
  ssh: {
    timeoutMs: 30 * SECOND,
    attempts: 5,
    delayMs: 3 * SECOND,
    maxDelayMs: 15 * SECOND,
    retryOn: TRANSIENT_CLASSES,
  },
  /** The time of one attempt belongs to the stall time-out of the transfer: a large file may take long. */
  download: {
    timeoutMs: 60 * MINUTE,
    attempts: 3,
    delayMs: 1 * SECOND,
    maxDelayMs: 30 * SECOND,
    retryOn: TRANSIENT_CLASSES,
    adapt: { network_timeout: { attempts: 5, delayMs: 10 * SECOND, maxDelayMs: 120 * SECOND } },
  },
  /** A small question to a server. */
  request: {
    timeoutMs: 30 * SECOND,
    attempts: 3,
    delayMs: 500,
    maxDelayMs: 10 * SECOND,
    retryOn: TRANSIENT_CLASSES,
  },
  /** A question to a registry of images: one that is ill has at least 32 s, whatever chance decides, to get well. */
  registry: {
    timeoutMs: 30 * SECOND,
    attempts: 3,
    delayMs: 500,
    maxDelayMs: 10 * SECOND,
    retryOn: TRANSIENT_CLASSES,
    adapt: { server_error: { attempts: 5, delayMs: 8 * SECOND, maxDelayMs: 20 * SECOND, jitter: 0.5 } },
  },
} as const satisfies Record<string, RetryPolicy>;

export type ProfileName = keyof typeof PROFILES;

/** Readiness: a look every 2 s for 60 s. */
export const READINESS = { intervalMs: 2 * SECOND, timeoutMs: 60 * SECOND };

/** A policy with changes. Whoever says how many attempts there are, or how long the delays, means it for every class. */
export function changePolicy(base: RetryPolicy, changes: Partial<RetryPolicy> = {}): RetryPolicy {
  if (base.adapt === undefined || changes.adapt !== undefined) return { ...base, ...changes };
  const fixed = Object.keys(changes);
  const adapt = Object.entries(base.adapt).map(([errorClass, adapted]) => [
    errorClass,
    Object.fromEntries(Object.entries(adapted).filter(([key]) => !fixed.includes(key))),
  ]);
  return { ...base, ...changes, adapt: Object.fromEntries(adapt) as Adaptation };
}
