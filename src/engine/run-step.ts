import { InstallerError, toInstallerError } from '../errors/installer-error.ts';
import { backoffMs } from '../resilience/backoff.ts';
import { isTrusted, type Standing, standingOf } from './decide.ts';
import type { DeclaredStep } from './declare-steps.ts';
import type { Action } from './events.ts';
import { type AttemptLimit, limitAttempt } from './limit-attempt.ts';
import { recordError, type StepRecord } from './record.ts';
import { type AttemptResult, createStepContext, type RunContext, runAttempt } from './run-attempt.ts';
import { emit } from './run-ports.ts';
import type { Policy, Step } from './step.ts';
import { createStepRecording, finishStep, type Settle, type StepOutcome } from './step-recording.ts';

/**
 * Takes one step through its attempts and records every transition. Never rejects, but for a state that cannot be written.
 *
 * @param settle called synchronously with the outcome before its record is awaited, so that the scheduler's next
 *   transitions become durable together with this one
 */
export async function runStep(run: RunContext, declared: DeclaredStep, settle: Settle): Promise<void> {
  const { ports } = run;
  const { step } = declared;
  const recorded = ports.recorder.step(step.id);
  const standing = standingOf(recorded, declared.fingerprint);
  if (isTrusted(step, run.mode, standing, recorded)) {
    const outcome: StepOutcome = { status: recorded?.status ?? 'completed', action: 'trust' };
    settle(outcome);
    finishStep(run, step.id, outcome, { attempts: 0, durationMs: 0 });
    return;
  }
  const policy: Policy = { ...ports.policy, ...step.policy };
  const recording = createStepRecording(run, declared, recorded, standing);
  emit(ports, { type: 'step_started', at: ports.clock.now(), step: step.id });
  if (!standing.done) await recording.begin(1);

  for (let attempt = 1; ; attempt += 1) {
    const tried = await tryOnce(run, step, { attempt, standing, recorded, timeoutMs: policy.timeoutMs }, () =>
      recording.begin(attempt),
    );
    if (tried.result !== undefined) return await recording.complete(attempt, tried.result, settle);
    const { error, action, abandoned } = tried;
    if (error.code === 'state_unusable') throw error;
    const again =
      !run.signal.aborted && !abandoned && attempt < policy.attempts && policy.retryOn.includes(error.class);
    const retryInMs = again ? backoffMs(policy, attempt, ports.random) : undefined;
    emit(ports, {
      type: 'attempt_failed',
      at: ports.clock.now(),
      step: step.id,
      attempt,
      error: recordError(error),
      ...(retryInMs === undefined ? {} : { retryInMs }),
    });
    if (retryInMs === undefined || (await isAbortedWithin(run, retryInMs))) {
      return await recording.fail(attempt, action, error, settle);
    }
  }
}

interface Try {
  attempt: number;
  standing: Standing;
  recorded: StepRecord | undefined;
  timeoutMs: number;
}

type Tried =
  | { result: AttemptResult }
  | { result?: undefined; error: InstallerError; action: Action; abandoned: boolean };

async function tryOnce(
  run: RunContext,
  step: Step,
  { attempt, standing, recorded, timeoutMs }: Try,
  begin: () => Promise<void>,
): Promise<Tried> {
  const { ports } = run;
  const log = ports.logs.open(step.id, attempt);
  const limit = limitAttempt(run, step.id, timeoutMs);
  const options = { attempt, log, signal: limit.signal, recorded, isAbandoned: () => limit.abandoned };
  let action: Action = 'none';
  try {
    const work = runAttempt(run, step, createStepContext(run, step, options), standing, async (chosen) => {
      action = chosen;
      emit(ports, { type: 'attempt_started', at: ports.clock.now(), step: step.id, attempt, action, log });
      await begin();
    });
    const result = await limit.wait(work);
    limit.signal.throwIfAborted();
    return { result };
  } catch (thrown) {
    const error = describe(run, thrown, limit, step.id, log);
    ports.logs.append(log, `[attempt ${attempt} failed: ${error.message}]\n`);
    return { error, action, abandoned: limit.abandoned };
  } finally {
    limit.clear();
  }
}

/** The failure as the user will read it: masked, with the step, its log and its last lines. */
function describe(run: RunContext, thrown: unknown, limit: AttemptLimit, step: string, log: string): InstallerError {
  const { ports } = run;
  const unusable = thrown instanceof InstallerError && thrown.code === 'state_unusable';
  const cause = limit.signal.aborted && !unusable ? limit.signal.reason : thrown;
  const error = toInstallerError(cause, { step, log, class: ports.classify(cause) });
  const tail = error.details.tail ?? ports.logs.tail(log);
  const stuck = limit.abandoned ? { lines: ['it did not stop when it was told to, and was left behind'] } : {};
  return error.with({ tail, ...stuck }).masked(ports.secrets.mask);
}

/** Waits before the next attempt. @returns true when the run was aborted meanwhile */
async function isAbortedWithin(run: RunContext, ms: number): Promise<boolean> {
  try {
    await run.ports.clock.sleep(ms, run.signal);
    return false;
  } catch {
    return true;
  }
}
