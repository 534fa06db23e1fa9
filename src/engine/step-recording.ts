import type { InstallerError } from '../errors/installer-error.ts';
import type { Standing } from './decide.ts';
import type { DeclaredStep } from './declare-steps.ts';
import type { Action } from './events.ts';
import { type Change, recordError, type StepRecord, type StepStatus } from './record.ts';
import { type AttemptResult, maskOutputs, type RunContext } from './run-attempt.ts';
import { emit, isoTime } from './run-ports.ts';

export interface StepOutcome {
  status: StepStatus;
  action: Action;
  error?: InstallerError;
}

/** Takes the outcome synchronously, before its record is awaited. */
export type Settle = (outcome: StepOutcome) => void;

type StepFields = NonNullable<Change['steps']>[string];

/** The transitions of one step in one run: each recorded durably, then told as an event. */
export interface StepRecording {
  /** Records the intent before anything is changed, and the number of a later attempt. */
  begin(attempt: number): Promise<void>;
  complete(attempts: number, result: AttemptResult, settle: Settle): Promise<void>;
  fail(attempts: number, action: Action, error: InstallerError, settle: Settle): Promise<void>;
}

/** @param recorded the step's record when this run reached it */
export function createStepRecording(
  run: RunContext,
  { step, fingerprint, inputs }: DeclaredStep,
  recorded: StepRecord | undefined,
  standing: Standing,
): StepRecording {
  const { ports } = run;
  let last = Date.parse(recorded?.updated_at ?? '') || 0;
  const startedAt = nextTime();
  let begun = false;
  let recordedAttempt = 0;

  /** Later than any earlier transition of the step: of two samples of one series at one time, receivers keep one. */
  function nextTime(): number {
    last = Math.max(ports.clock.now(), last + 1);
    return last;
  }

  const record = (at: number, fields: StepFields, options?: { durable?: boolean }) =>
    ports.recorder.record({ at: isoTime(at), steps: { [step.id]: fields } }, options);

  async function begin(attempt: number): Promise<void> {
    if (begun && attempt === recordedAttempt) return;
    recordedAttempt = attempt;
    if (begun) {
      // For those who look meanwhile: nothing hangs on the number of attempts.
      await record(ports.clock.now(), { attempts: attempt }, { durable: false });
      return;
    }
    begun = true;
    await record(startedAt, {
      status: 'in_progress',
      started_at: isoTime(startedAt),
      completed_at: null,
      attempts: attempt,
      duration_ms: null,
      fingerprint,
      inputs,
      // Kept through a crash: what is found then was made from the inputs before, until it has been applied anew.
      outdated: standing.changed ? true : null,
      error: null,
      children: null,
    });
    tell(startedAt, 'in_progress', attempt);
  }

  async function complete(attempts: number, result: AttemptResult, settle: Settle): Promise<void> {
    const now = nextTime();
    const at = isoTime(now);
    const durationMs = now - startedAt;
    const found = maskOutputs(ports, result.outputs ?? {});
    const outputs = { ...ports.recorder.step(step.id)?.outputs, ...found };
    const seen: StepFields = {
      error: null,
      ...(step.observe === undefined ? {} : { verified: at }),
      ...(Object.keys(outputs).length > 0 ? { outputs } : {}),
    };
    const status = begun ? 'completed' : (recorded?.status ?? 'completed');
    const done: StepFields = {
      status: 'completed',
      completed_at: at,
      duration_ms: durationMs,
      attempts,
      outdated: null,
      children: null,
    };
    // A step found as it was recorded, which cannot be observed, is not worth a write.
    const written =
      begun || step.observe !== undefined
        ? record(now, begun ? { ...done, ...seen } : { ...seen, fingerprint, inputs })
        : undefined;
    settle({ status, action: result.action });
    await written;
    if (begun) tell(now, 'completed', attempts, durationMs);
    finishStep(run, step.id, { status, action: result.action }, { attempts, durationMs, ...result });
  }

  async function fail(attempts: number, action: Action, error: InstallerError, settle: Settle): Promise<void> {
    const now = nextTime();
    const durationMs = now - startedAt;
    // An interrupted step stays as it was: its effect may be half there, and an interruption is no failure.
    const status = run.signal.aborted ? (begun ? 'in_progress' : (recorded?.status ?? 'pending')) : 'failed';
    const written =
      begun || status === 'failed'
        ? record(now, {
            status,
            attempts,
            duration_ms: durationMs,
            error: recordError(error),
            children: null,
          })
        : undefined;
    settle({ status, action, error });
    await written;
    if (status === 'failed') tell(now, status, attempts, durationMs);
    finishStep(run, step.id, { status, action, error }, { attempts, durationMs });
  }

  function tell(at: number, status: StepStatus, attempts: number, durationMs?: number): void {
    const duration = durationMs === undefined ? {} : { durationMs };
    emit(ports, { type: 'step_recorded', at, step: step.id, status, attempts, startedAt, ...duration });
  }

  return { begin, complete, fail };
}

/** Tells that a run is done with a step, and how. */
export function finishStep(
  { ports }: Pick<RunContext, 'ports'>,
  step: string,
  { status, action, error }: StepOutcome,
  known: Partial<Pick<AttemptResult, 'reason' | 'outputs'>> & { attempts: number; durationMs: number },
): void {
  const { attempts, durationMs, reason, outputs } = known;
  emit(ports, {
    type: 'step_finished',
    at: ports.clock.now(),
    step,
    status,
    action,
    attempts,
    durationMs,
    ...(reason === undefined ? {} : { reason: ports.secrets.mask(reason) }),
    ...(error === undefined ? {} : { error: recordError(error) }),
    ...(outputs === undefined ? {} : { outputs: maskOutputs(ports, outputs) }),
  });
}
