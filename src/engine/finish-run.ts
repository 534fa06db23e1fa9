import { type InstallerError, toInstallerError } from '../errors/installer-error.ts';
import type { DeclaredStep } from './declare-steps.ts';
import { isDone, type RunResult, recordError } from './record.ts';
import { type EnginePorts, emit, isoTime } from './run-ports.ts';
import type { RunStart } from './start-run.ts';
import type { StepOutcome } from './step-recording.ts';

export interface RunReport {
  result: Exclude<RunResult, 'running'>;
  /** The first failure of a critical step, or what stopped the run. */
  error?: InstallerError;
  /** Failures of optional steps: recorded and told, but no failure of the run. */
  tolerated: readonly InstallerError[];
  outcomes: ReadonlyMap<string, StepOutcome>;
  durationMs: number;
}

/** Judges a run that came to its end, records its result and tells it. */
export async function finishRun(
  ports: EnginePorts,
  start: RunStart,
  steps: { declared: readonly DeclaredStep[]; selected: readonly DeclaredStep[] },
  outcomes: ReadonlyMap<string, StepOutcome>,
  signal: AbortSignal,
): Promise<RunReport> {
  const { mode, runId, startedAt } = start;
  const failed = steps.selected.flatMap(({ step }) => {
    const error = outcomes.get(step.id)?.error;
    return error === undefined ? [] : [{ step, error }];
  });
  const critical = failed.filter(({ step }) => step.severity !== 'optional').map((entry) => entry.error);
  const error = whatStopped(steps.selected, outcomes, signal) ?? critical[0];
  const result = resultOf(error);
  const endedAt = ports.clock.now();
  const at = isoTime(endedAt);
  const allDone = steps.declared.every(
    ({ step }) => step.severity === 'optional' || isDone(ports.recorder.step(step.id)?.status),
  );
  await ports.recorder.record({
    at,
    run: {
      ...(error === undefined && allDone ? { completed_at: at } : {}),
      last_run: { id: runId, mode, result, started_at: isoTime(startedAt), ended_at: at },
    },
  });
  const durationMs = endedAt - startedAt;
  tellEnd(ports, start, result, error);
  const tolerated = failed.filter(({ step }) => step.severity === 'optional').map((entry) => entry.error);
  return { result, tolerated, outcomes, durationMs, ...(error === undefined ? {} : { error }) };
}

/** Tells the end of a run that could not be recorded. @returns the error to throw */
export function breakRun(ports: EnginePorts, start: RunStart, thrown: unknown): InstallerError {
  const error = toInstallerError(thrown).masked(ports.secrets.mask);
  tellEnd(ports, start, 'error', error);
  return error;
}

function tellEnd(ports: EnginePorts, { runId, startedAt }: RunStart, result: RunResult, error?: InstallerError): void {
  const at = ports.clock.now();
  const told = error === undefined ? {} : { error: recordError(error) };
  emit(ports, { type: 'run_finished', at, runId, result, durationMs: at - startedAt, ...told });
}

/** The reason of an abort, unless it came too late to keep any step from its end. */
function whatStopped(
  selected: readonly DeclaredStep[],
  outcomes: ReadonlyMap<string, StepOutcome>,
  signal: AbortSignal,
): InstallerError | undefined {
  if (!signal.aborted) return undefined;
  const reason = toInstallerError(signal.reason);
  const isCutShort = (outcome: StepOutcome | undefined) =>
    outcome === undefined ||
    // Not reached: its status is that of an earlier run.
    (outcome.action === 'none' && outcome.error === undefined) ||
    outcome.error?.code === reason.code ||
    !(isDone(outcome.status) || outcome.status === 'failed');
  return selected.some(({ step }) => isCutShort(outcomes.get(step.id))) ? reason : undefined;
}

function resultOf(error: InstallerError | undefined): RunReport['result'] {
  if (error === undefined) return 'success';
  if (error.code === 'interrupted' || error.code === 'terminated') return 'cancellation';
  return error.code === 'timeout' ? 'timeout' : 'failure';
}
