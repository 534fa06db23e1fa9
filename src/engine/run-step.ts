import { InstallerError, toInstallerError } from '../errors/installer-error.ts';
import { changePolicy } from '../resilience/policy.ts';
import { type Attempt, retry } from '../resilience/retry.ts';
import { isTrusted, standingOf } from './decide.ts';
import type { DeclaredStep } from './declare-steps.ts';
import type { Action } from './events.ts';
import { recordError } from './record.ts';
import { type AttemptResult, createStepContext, type RunContext, runAttempt } from './run-attempt.ts';
import { emit } from './run-ports.ts';
import type { Step } from './step.ts';
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
  const recording = createStepRecording(run, declared, recorded, standing);
  emit(ports, { type: 'step_started', at: ports.clock.now(), step: step.id });
  if (!standing.done) await recording.begin(1);

  let attempt = 1;
  let action: Action = 'none';
  let result: AttemptResult;
  try {
    result = await retry(
      async (tried) => {
        attempt = tried.number;
        action = 'none';
        const log = ports.logs.open(step.id, attempt);
        const options = { attempt, log, signal: tried.signal, recorded, isAbandoned: tried.isAbandoned };
        return await runAttempt(run, step, createStepContext(run, step, options), standing, async (chosen) => {
          action = chosen;
          emit(ports, { type: 'attempt_started', at: ports.clock.now(), step: step.id, attempt, action, log });
          await recording.begin(attempt);
        });
      },
      {
        policy: changePolicy(ports.policy, step.policy),
        clock: ports.clock,
        random: ports.random,
        signal: run.signal,
        graceMs: ports.graceMs * 2,
        classify: ports.classify,
        describe: (thrown, tried) => describe(run, step, thrown, tried),
        onFailure: ({ error, retryInMs }) => {
          if (isUnusable(error)) return;
          emit(ports, {
            type: 'attempt_failed',
            at: ports.clock.now(),
            step: step.id,
            attempt,
            error: recordError(toInstallerError(error)),
            ...(retryInMs === undefined ? {} : { retryInMs }),
          });
        },
      },
    );
  } catch (thrown) {
    if (isUnusable(thrown)) throw thrown;
    return await recording.fail(attempt, action, toInstallerError(thrown), settle);
  }
  await recording.complete(attempt, result, settle);
}

function isUnusable(error: unknown): boolean {
  return error instanceof InstallerError && error.code === 'state_unusable';
}

/** The failure as the user will read it: masked, with the step, its log and its last lines. */
function describe(run: RunContext, { id }: Step, thrown: unknown, attempt: Attempt): InstallerError {
  const { ports } = run;
  const log = ports.logs.open(id, attempt.number);
  const cause = attempt.signal.aborted && !isUnusable(thrown) ? attempt.signal.reason : thrown;
  const error = toInstallerError(cause, { step: id, log, class: ports.classify(cause) });
  const tail = error.details.tail ?? ports.logs.tail(log);
  const stuck = attempt.isAbandoned() ? { lines: ['it did not stop when it was told to, and was left behind'] } : {};
  const described = error.with({ tail, ...stuck }).masked(ports.secrets.mask);
  ports.logs.append(log, `[attempt ${attempt.number} failed: ${described.message}]\n`);
  return described;
}
