import type { ErrorClass } from '../errors/error-class.ts';
import { InstallerError } from '../errors/installer-error.ts';
import { backoffMs } from './backoff.ts';
import { limitAttempt } from './limit-attempt.ts';
import type { RetryPolicy } from './policy.ts';
import type { Clock, Random } from './time.ts';

/** One try. */
export interface Attempt {
  /** From 1. */
  readonly number: number;
  /** Aborted when its time is up, or with everything. The work must heed it. */
  readonly signal: AbortSignal;
  /** Whether it was told to stop, did not, and is no longer waited for: what it still does must not be heard. */
  isAbandoned(): boolean;
}

export interface Failure {
  attempt: number;
  error: unknown;
  class: ErrorClass;
  /** Absent: it was the last attempt. */
  retryInMs?: number;
}

export interface RetryOptions {
  policy: RetryPolicy;
  clock: Clock;
  random: Random;
  signal?: AbortSignal | undefined;
  classify: (error: unknown) => ErrorClass;
  /** The error as it is judged, told and thrown. Default: why the attempt was stopped, else what was thrown. */
  describe?: (thrown: unknown, attempt: Attempt) => unknown;
  /** Done before each attempt, such as asking a breaker, within bounds of its own; what it throws ends everything. */
  prepare?: () => Promise<void>;
  /** Hears of every failed attempt as soon as it is known whether it will be tried again. */
  onFailure?: (failure: Failure) => void;
  /** Cleans up or mends before the next attempt; what it throws ends everything. */
  between?: (failure: Failure, signal: AbortSignal) => Promise<void>;
  /** How long work that was told to stop is waited for. Default: 5 s. */
  graceMs?: number;
}

const GRACE_MS = 5_000;
/** A server that wants to be left alone for longer is not waited for. */
const LONGEST_RETRY_AFTER_MS = 5 * 60_000;

/**
 * Tries until it succeeds, or until trying again makes no sense: exponential backoff with full jitter and a cap, a limit
 * for each attempt and one for everything, and the wish of a server that says when it will be back
 * (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/, RFC 9110 section 10.2.3).
 *
 * @throws the error of the last attempt, as `describe` gives it; what `prepare` or `between` throws
 */
export async function retry<T>(work: (attempt: Attempt) => Promise<T>, options: RetryOptions): Promise<T> {
  const { policy, clock, signal, graceMs = GRACE_MS } = options;
  const deadline = clock.now() + (policy.budgetMs ?? Number.POSITIVE_INFINITY);
  const limited = async <R>(timeoutMs: number, run: (limit: ReturnType<typeof limitAttempt>) => Promise<R>) => {
    const left = Math.min(timeoutMs, deadline - clock.now());
    const limit = limitAttempt({ clock, signal, timeoutMs: left, graceMs, expired: () => tooLong(left) });
    try {
      return await run(limit);
    } finally {
      limit.clear();
    }
  };
  for (let number = 1; ; number += 1) {
    const { prepare, between } = options;
    await prepare?.();
    const tried = await limited(policy.timeoutMs, (limit) => tryOnce(work, number, limit, options));
    if ('result' in tried) return tried.result;
    const { error, abandoned } = tried;
    const errorClass = options.classify(error);
    const delay = abandoned || signal?.aborted ? undefined : delayAfter(number, error, errorClass, options);
    const retryInMs = delay === undefined || delay >= deadline - clock.now() ? undefined : delay;
    const failure = { attempt: number, error, class: errorClass, ...(retryInMs === undefined ? {} : { retryInMs }) };
    options.onFailure?.(failure);
    if (retryInMs === undefined) throw error;
    if (between !== undefined) {
      await limited(policy.timeoutMs, (limit) => limit.wait(between(failure, limit.signal)));
    }
    if (retryInMs >= deadline - clock.now() || !(await slept(clock, retryInMs, signal))) throw error;
  }
}

async function tryOnce<T>(
  work: (attempt: Attempt) => Promise<T>,
  number: number,
  limit: ReturnType<typeof limitAttempt>,
  { describe }: RetryOptions,
): Promise<{ result: T } | { error: unknown; abandoned: boolean }> {
  const attempt: Attempt = { number, signal: limit.signal, isAbandoned: () => limit.abandoned };
  try {
    const result = await limit.wait(work(attempt));
    limit.signal.throwIfAborted();
    return { result };
  } catch (thrown) {
    const error = describe?.(thrown, attempt) ?? (limit.signal.aborted ? limit.signal.reason : thrown);
    return { error, abandoned: limit.abandoned };
  }
}

/** @returns milliseconds until the next attempt; undefined when there is none */
function delayAfter(number: number, error: unknown, errorClass: ErrorClass, options: RetryOptions): number | undefined {
  const { policy, random } = options;
  const limits = { ...policy, ...policy.adapt?.[errorClass] };
  if (number >= limits.attempts || !policy.retryOn.includes(errorClass)) return undefined;
  const { exhausted, retryAfterMs: wished = 0 } = error instanceof InstallerError ? error.details : {};
  // Whoever is below has tried it as often as it makes sense: nothing is tried in two places.
  if (exhausted === true) return undefined;
  if (wished > LONGEST_RETRY_AFTER_MS) return undefined;
  return Math.max(wished, backoffMs(limits, number, random));
}

/** @returns false when it was aborted meanwhile */
async function slept(clock: Clock, ms: number, signal: AbortSignal | undefined): Promise<boolean> {
  try {
    await clock.sleep(ms, signal);
    return true;
  } catch {
    return false;
  }
}

function tooLong(ms: number): InstallerError {
  const time = ms < 10_000 ? `${Math.max(0, Math.round(ms))} ms` : `${Math.round(ms / 1000)} s`;
  return new InstallerError('step_failed', `no end after ${time}`, { class: 'network_timeout' });
}
