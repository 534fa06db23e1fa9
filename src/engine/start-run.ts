import type { DeclaredStep } from './declare-steps.ts';
import type { PlanStepInfo } from './events.ts';
import { fingerprint } from './fingerprint.ts';
import type { Plan } from './plan.ts';
import type { Mode, RunFields, StepStatus } from './record.ts';
import { type EnginePorts, emit, isoTime } from './run-ports.ts';

export interface RunStart {
  mode: Mode;
  runId: string;
  /** Milliseconds since the epoch. */
  startedAt: number;
  /** Further fields for the document, recorded with the start of the run. */
  fields?: RunFields;
}

/** Tells that a run begins, and what was recorded before it. */
export function announceRun(plan: Plan, ports: EnginePorts, start: RunStart, declared: readonly DeclaredStep[]): void {
  const before = ports.recorder.run;
  const steps: PlanStepInfo[] = declared.map(({ step }) => ({
    id: step.id,
    title: step.title,
    needs: (step.needs ?? []).map((need) => need.id),
    severity: step.severity ?? 'critical',
  }));
  const recorded = Object.fromEntries(
    declared.map(({ step }): [string, StepStatus] => [step.id, ports.recorder.step(step.id)?.status ?? 'pending']),
  );
  emit(ports, {
    type: 'run_started',
    at: start.startedAt,
    runId: start.runId,
    plan: plan.name,
    planHash: hashPlan(declared),
    cluster: plan.cluster,
    mode: start.mode,
    steps,
    recorded,
    ...(plan.provider === undefined ? {} : { provider: plan.provider }),
    ...(before.run_id === undefined ? {} : { previousRunId: before.run_id }),
    ...(before.traceparent === undefined ? {} : { previousTraceparent: before.traceparent }),
  });
}

/** Records that a run has begun, and its steps that were never recorded as pending. */
export async function recordStart(
  plan: Plan,
  ports: EnginePorts,
  start: RunStart,
  declared: readonly DeclaredStep[],
): Promise<void> {
  const { mode, runId, startedAt, fields } = start;
  const at = isoTime(startedAt);
  const unseen = declared.filter(({ step }) => ports.recorder.step(step.id) === undefined);
  const first = ports.recorder.run.run_id === undefined;
  await ports.recorder.record({
    at,
    run: {
      // Of this run, or of none: a later run must not link to one before it.
      traceparent: null,
      ...fields,
      plan: plan.name,
      plan_hash: hashPlan(declared),
      run_id: runId,
      ...(plan.provider === undefined ? {} : { provider: plan.provider }),
      ...(first ? { started_at: at } : {}),
      last_run: { id: runId, mode, result: 'running', started_at: at },
    },
    steps: Object.fromEntries(
      unseen.map(({ step }) => [
        step.id,
        { status: 'pending' as const, ...(step.severity === 'optional' ? { severity: 'optional' as const } : {}) },
      ]),
    ),
  });
  for (const { step } of unseen) {
    emit(ports, { type: 'step_recorded', at: startedAt, step: step.id, status: 'pending', attempts: 0 });
  }
}

function hashPlan(declared: readonly DeclaredStep[]): string {
  return fingerprint(Object.fromEntries(declared.map((entry) => [entry.step.id, entry.fingerprint])));
}
