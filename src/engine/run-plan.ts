import { findChanges, refuseChanges } from './check-inputs.ts';
import { type DeclaredStep, declareSteps } from './declare-steps.ts';
import { dropUnmade } from './drop-unmade.ts';
import { breakRun, finishRun, type RunReport } from './finish-run.ts';
import type { Plan } from './plan.ts';
import type { Mode, RunFields } from './record.ts';
import type { EnginePorts } from './run-ports.ts';
import { runStep } from './run-step.ts';
import { runSchedule } from './schedule.ts';
import { type Selection, selectSteps } from './select-steps.ts';
import { settleOrphans } from './settle-orphans.ts';
import { announceRun, type RunStart, recordStart } from './start-run.ts';
import { finishStep, type StepOutcome } from './step-recording.ts';

export type { RunReport } from './finish-run.ts';

export interface RunOptions {
  mode: Mode;
  runId: string;
  /** Aborted with an InstallerError (`interrupted`, `terminated` or `timeout`) as its reason. */
  signal: AbortSignal;
  /** Steps that may run at the same time. Default: 4. */
  concurrency?: number;
  /** Go on with a resume although declared inputs have changed. */
  acceptChanges?: boolean;
  /** End processes left behind by a killed run without asking. */
  endOrphans?: boolean;
  selection?: Selection;
  /** Further fields for the document, recorded with the start of the run. */
  fields?: RunFields;
}

/**
 * Runs a plan once: create, resume and repair are this one call with a different trust.
 *
 * @throws InstallerError before anything is started (`config`, `inputs_changed`, `needs_new_cluster`, `consent_*`),
 *   or `state_unusable` when the record cannot be written
 */
export async function runPlan(plan: Plan, ports: EnginePorts, options: RunOptions): Promise<RunReport> {
  const { mode, runId, signal, fields } = options;
  const declared = await declareSteps(plan, ports.secrets.mask);
  const recordOf = (id: string) => ports.recorder.step(id);
  const changes = await dropUnmade({ ports, mode, runId, signal }, declared, findChanges(declared, recordOf));
  refuseChanges(changes, mode, options.acceptChanges ?? false);
  const selected = selectSteps(declared, recordOf, options.selection);
  await settleOrphans(ports, plan.steps, { signal, end: options.endOrphans ?? false });

  const start: RunStart = { mode, runId, startedAt: ports.clock.now(), ...(fields === undefined ? {} : { fields }) };
  announceRun(plan, ports, start, declared);
  try {
    await recordStart(plan, ports, start, declared);
    const outcomes = await runSteps(selected, ports, options);
    return await finishRun(ports, start, { declared, selected }, outcomes, signal);
  } catch (thrown) {
    throw breakRun(ports, start, thrown);
  }
}

async function runSteps(
  selected: readonly DeclaredStep[],
  ports: EnginePorts,
  options: RunOptions,
): Promise<ReadonlyMap<string, StepOutcome>> {
  const outcomes = new Map<string, StepOutcome>();
  const controller = followSignal(options.signal);
  const run = { ports, mode: options.mode, runId: options.runId, signal: controller.signal };
  try {
    await runSchedule(selected, {
      concurrency: options.concurrency ?? 4,
      stopped: () => controller.signal.aborted,
      run: (declared, settle) =>
        runStep(run, declared, (outcome) => {
          outcomes.set(declared.step.id, outcome);
          settle(outcome);
        }).catch((thrown) => {
          // The record cannot be written: whatever else runs must not go on unrecorded.
          controller.abort(thrown);
          throw thrown;
        }),
      block: ({ step }, reason) => {
        const outcome: StepOutcome = { status: ports.recorder.step(step.id)?.status ?? 'pending', action: 'none' };
        outcomes.set(step.id, outcome);
        finishStep(run, step.id, outcome, { attempts: 0, durationMs: 0, reason });
      },
    });
  } finally {
    controller.release();
  }
  return outcomes;
}

/** A controller of the run's own that also follows the caller's signal. */
function followSignal(signal: AbortSignal): { signal: AbortSignal; abort(reason: unknown): void; release(): void } {
  const controller = new AbortController();
  const stop = () => controller.abort(signal.reason);
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    release: () => signal.removeEventListener('abort', stop),
  };
}
