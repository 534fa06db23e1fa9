import { type InstallerError, toInstallerError } from '../errors/installer-error.ts';
import { orderSteps, type Plan } from './plan.ts';
import type { Change } from './record.ts';
import { createStepContext } from './run-attempt.ts';
import { type EnginePorts, emit, isoTime } from './run-ports.ts';
import { settleOrphans } from './settle-orphans.ts';
import { finishStep } from './step-recording.ts';

/** The record of a step that was never started: inputs of before bind nobody any more. */
const NOTHING_MADE: NonNullable<Change['steps']>[string] = {
  status: 'pending',
  started_at: null,
  completed_at: null,
  attempts: null,
  duration_ms: null,
  fingerprint: null,
  inputs: null,
  outdated: null,
  outputs: null,
  verified: null,
  error: null,
  children: null,
};

/**
 * Takes back, newest first, what the recorded steps have made. A step that was never started has made nothing.
 * Stops at the first failure: what lies below may still be in use. Safe to repeat.
 *
 * @param options.all also steps without a record: for an installation that is proved ours by its mark alone
 * @returns the failure that stopped it, if any
 * @throws InstallerError `state_unusable` when the record cannot be written; the signal's reason when interrupted
 */
export async function rollBack(
  plan: Plan,
  ports: EnginePorts,
  options: { runId: string; signal: AbortSignal; all?: boolean },
): Promise<InstallerError | undefined> {
  const run = { ports, mode: 'run' as const, runId: options.runId, signal: options.signal };
  const steps = orderSteps(plan);
  await settleOrphans(ports, steps, { signal: options.signal, end: false });
  for (const step of [...steps].reverse()) {
    const recorded = ports.recorder.step(step.id);
    const untouched = recorded === undefined || recorded.status === 'pending';
    if (untouched && options.all !== true) continue;
    options.signal.throwIfAborted();
    const startedAt = ports.clock.now();
    emit(ports, { type: 'step_started', at: startedAt, step: step.id });
    let error: InstallerError | undefined;
    try {
      const log = ports.logs.open(step.id, 0);
      await step.rollback?.(createStepContext(run, step, { attempt: 0, log, signal: options.signal, recorded }));
      const now = ports.clock.now();
      await ports.recorder.record({ at: isoTime(now), steps: { [step.id]: NOTHING_MADE } });
      emit(ports, { type: 'step_recorded', at: now, step: step.id, status: 'pending', attempts: 0 });
    } catch (thrown) {
      options.signal.throwIfAborted();
      error = toInstallerError(thrown, { step: step.id }).masked(ports.secrets.mask);
      if (error.code === 'state_unusable') throw error;
    }
    finishStep(
      run,
      step.id,
      {
        status: error === undefined ? 'pending' : 'failed',
        action: 'rollback',
        ...(error === undefined ? {} : { error }),
      },
      { attempts: 1, durationMs: ports.clock.now() - startedAt },
    );
    if (error !== undefined) return error;
  }
  return undefined;
}
