import { InstallerError } from '../errors/installer-error.ts';
import type { RunContext } from './run-attempt.ts';

/** The time of one attempt, and its end with the run. */
export interface AttemptLimit {
  /** Aborted with the run, or when the time is up. */
  readonly signal: AbortSignal;
  /** Told to stop, it did not: it may still be at work, and must not be started a second time beside itself. */
  readonly abandoned: boolean;
  /** Waits for the work; once the signal is aborted, for twice the grace: a step that heeds nothing must not hang the run. */
  wait<T>(work: Promise<T>): Promise<T>;
  /** Releases the timer and the run's signal. */
  clear(): void;
}

/** @param timeoutMs of this attempt */
export function limitAttempt(run: RunContext, step: string, timeoutMs: number): AttemptLimit {
  const { clock, graceMs } = run.ports;
  const controller = new AbortController();
  const { signal } = controller;
  const stop = () => controller.abort(run.signal.reason);
  const expire = () => {
    const time = timeoutMs < 10_000 ? `${timeoutMs} ms` : `${Math.round(timeoutMs / 1000)} s`;
    controller.abort(new InstallerError('step_failed', `no end after ${time}`, { step, class: 'network_timeout' }));
  };
  if (run.signal.aborted) stop();
  else run.signal.addEventListener('abort', stop, { once: true });
  const cancelTimeout = clock.after(timeoutMs, expire);
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
          cancelGrace = clock.after(graceMs * 2, leave);
        };
        if (signal.aborted) startGrace();
        else signal.addEventListener('abort', startGrace, { once: true });
      });
      return await Promise.race([work, stuck]);
    },
    clear() {
      cancelTimeout();
      cancelGrace?.();
      run.signal.removeEventListener('abort', stop);
    },
  };
}
