import { classifyError } from '../errors/classify-error.ts';
import type { ResilienceEvent } from '../resilience/events.ts';
import { createGuard, type Guard } from '../resilience/guard.ts';
import { createStatistics } from '../resilience/statistics.ts';
import { rememberStatistics } from '../resilience/statistics-record.ts';
import { createDiskStore, sharedFolder } from '../state/shared-store.ts';
import { systemClock } from '../system/clock.ts';
import { resilienceLine } from '../ui/resilience-lines.ts';
import { appendStepSummary } from '../ui/step-summary.ts';
import { collectSecrets } from './collect-secrets.ts';
import { type Interrupts, watchInterrupts } from './interrupts.ts';
import type { Terminal } from './terminal.ts';

/** What a command outside any run needs to ask services as a run does. */
export interface GuardSession {
  guard: Guard;
  /** Aborted by Ctrl-C and its like. */
  signal: AbortSignal;
  mask: (text: string) => string;
  /** Remembers the statistics; always to be called. */
  close(): Promise<void>;
}

export interface GuardSessionOptions {
  /** Of the command, for the report of a CI job. */
  title: string;
  /** Failed attempts are not told. */
  quiet: boolean;
  /** Of everything, in milliseconds. */
  timeoutMs?: number;
  /** Hears what happens, too. */
  hear?: (event: ResilienceEvent) => void;
  /** Names of further secrets. */
  secrets?: readonly string[];
}

/** The composition root of commands that run no plan: breakers and statistics are those of all runs of this home. */
export function openGuardSession(terminal: Terminal, options: GuardSessionOptions): GuardSession {
  const { env, stderr } = terminal;
  const secrets = collectSecrets(env, options.secrets ?? []);
  const interrupts: Interrupts = watchInterrupts(options.timeoutMs, () => undefined);
  const store = createDiskStore(sharedFolder(terminal.home));
  const statistics = createStatistics();
  const hear = (event: ResilienceEvent): void => {
    statistics.hear(event);
    options.hear?.(event);
    const line = options.quiet ? undefined : resilienceLine(event);
    if (line !== undefined) stderr.write(`${line}\n`);
  };
  const guard = createGuard({
    clock: systemClock,
    random: Math.random,
    store,
    classify: classifyError,
    mask: secrets.mask,
    signal: interrupts.signal,
    hear,
  });
  return {
    guard,
    signal: interrupts.signal,
    mask: secrets.mask,
    async close() {
      interrupts.release();
      const targets = statistics.byTarget();
      await rememberStatistics(store, targets);
      appendStepSummary(env.GITHUB_STEP_SUMMARY, { title: options.title, targets });
    },
  };
}
