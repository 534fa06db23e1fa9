import type { Clock } from '../../../src/engine/ports.ts';
import type { StepRecord } from '../../../src/engine/record.ts';
import { createStepContext } from '../../../src/engine/run-attempt.ts';
import type { StepContext } from '../../../src/engine/step.ts';
import type { Check, CheckResult, Finding } from '../../../src/steps/preflight/check.ts';
import { runChecks } from '../../../src/steps/preflight/run-checks.ts';
import { systemClock } from '../../../src/system/clock.ts';
import { makeEnginePorts } from '../../support/step-context.ts';

export interface ContextOptions {
  env?: Readonly<Record<string, string | undefined>>;
  /** Steps recorded as completed. */
  done?: readonly string[];
  /** Of the preflight step itself. */
  recorded?: StepRecord;
  signal?: AbortSignal;
  now?: () => number;
  /** Of what is waited for. */
  after?: Clock['after'];
}

/**
 * Time in which a check never ends, while what it waits for ends soon: which of the two comes first is no matter of the
 * machine then.
 *
 * @param checkMs time of the check
 */
export function endSooner(checkMs: number): Clock['after'] {
  return (ms, call) => (ms < checkMs ? systemClock.after(300, call) : () => undefined);
}

export async function makeContext(options: ContextOptions = {}): Promise<StepContext> {
  const { env, recorded, now, after, signal = new AbortController().signal } = options;
  const steps = new Map((options.done ?? []).map((id): [string, StepRecord] => [id, { status: 'completed' }]));
  const ports = await makeEnginePorts({ steps, ...(env === undefined ? {} : { env }) });
  if (now !== undefined) ports.clock = { ...ports.clock, now };
  if (after !== undefined) ports.clock = { ...ports.clock, after };
  const run = { ports, mode: 'run' as const, runId: 'run', signal };
  const step = { id: 'preflight', title: 'Preflight', apply: async () => undefined };
  return createStepContext(run, step, { attempt: 1, log: ports.logs.open(step.id, 1), signal, recorded });
}

/** Runs one check as the engine would. */
export async function runOne(check: Check, options: ContextOptions = {}): Promise<Finding | undefined> {
  const results = await runChecks([check], await makeContext(options), options.env ?? process.env);
  return results[0]?.finding;
}

/** Findings as `id level`, for comparison. */
export function levels(results: readonly CheckResult[]): readonly string[] {
  return results.map(({ check, finding }) => `${check.id} ${finding.level}`);
}
