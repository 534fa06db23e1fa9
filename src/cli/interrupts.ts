import { EXIT_CODES, InstallerError } from '../errors/installer-error.ts';

/** A timer of Node fires at once beyond this; no run takes 24 days. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export interface Interrupts {
  /** Aborted by SIGINT, SIGTERM, SIGHUP or the end of the run's time, with an InstallerError as its reason. */
  signal: AbortSignal;
  release(): void;
}

/**
 * Turns signals of the process, and the limit of the run, into an abort. A second signal is immediate: children are
 * killed and the process exits; what was recorded is on disk already.
 *
 * @param killNow ends every child at once
 */
export function watchInterrupts(timeoutMs: number | undefined, killNow: () => void): Interrupts {
  const controller = new AbortController();
  const onSignal = (code: 'interrupted' | 'terminated', name: string) => () => {
    if (controller.signal.aborted) {
      killNow();
      process.exit(EXIT_CODES[code]);
    }
    controller.abort(new InstallerError(code, `stopped by ${name}`, { class: 'cancelled' }));
  };
  const handlers = {
    SIGINT: onSignal('interrupted', 'Ctrl-C (SIGINT)'),
    SIGTERM: onSignal('terminated', 'SIGTERM'),
    SIGHUP: onSignal('terminated', 'SIGHUP'),
  };
  for (const [name, handler] of Object.entries(handlers)) process.on(name, handler);
  const timer =
    timeoutMs === undefined
      ? undefined
      : setTimeout(
          () => {
            const message = `the limit of ${Math.round(timeoutMs / 1000)} s (--timeout) was reached`;
            controller.abort(new InstallerError('timeout', message, { class: 'cancelled' }));
          },
          Math.min(timeoutMs, LONGEST_TIMER_MS),
        );
  return {
    signal: controller.signal,
    release() {
      clearTimeout(timer);
      for (const [name, handler] of Object.entries(handlers)) process.off(name, handler);
    },
  };
}
