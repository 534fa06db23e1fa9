import { toInstallerError } from '../errors/installer-error.ts';
import { findChanges } from './check-inputs.ts';
import { decide, isTrusted, standingOf } from './decide.ts';
import { type DeclaredStep, declareSteps } from './declare-steps.ts';
import type { Action } from './events.ts';
import type { Plan } from './plan.ts';
import type { Mask } from './ports.ts';
import type { Mode, StepStatus } from './record.ts';
import { createStepContext } from './run-attempt.ts';
import type { EnginePorts } from './run-ports.ts';
import { type Selection, selectSteps } from './select-steps.ts';
import type { Observation } from './step.ts';

/** What a run would do with a step now, and why. */
export interface SurveyedStep {
  id: string;
  title: string;
  needs: readonly string[];
  recorded: StepStatus;
  /** Absent when the step cannot be observed, or is trusted. */
  seen?: Observation;
  action: Action;
  /** Declared inputs that differ from the recorded ones, one line each. */
  changes: readonly string[];
  /** Steps it needs that would be done first, so that what is seen now says little. */
  after: readonly string[];
}

/**
 * Looks at every step and changes nothing: the plan of `--dry-run`, and what `--repair` lists before it asks.
 *
 * @throws InstallerError `config` or `usage`, as a run would
 */
export async function surveyPlan(
  plan: Plan,
  ports: EnginePorts,
  options: { mode: Mode; runId: string; signal: AbortSignal; selection?: Selection },
): Promise<readonly SurveyedStep[]> {
  const recordOf = (id: string) => ports.recorder.step(id);
  const declared = await declareSteps(plan, ports.secrets.mask);
  const changes = new Map(findChanges(declared, recordOf).map((change) => [change.id, change.lines]));
  const rows: SurveyedStep[] = [];
  const acting = new Set<string>();
  for (const entry of selectSteps(declared, recordOf, options.selection)) {
    const row = await surveyStep(entry, ports, options, changes.get(entry.step.id) ?? [], acting);
    if (row.action === 'apply' || row.action === 'repair') acting.add(row.id);
    rows.push(row);
  }
  return rows;
}

async function surveyStep(
  { step, fingerprint }: DeclaredStep,
  ports: EnginePorts,
  options: { mode: Mode; runId: string; signal: AbortSignal },
  changes: readonly string[],
  acting: ReadonlySet<string>,
): Promise<SurveyedStep> {
  const record = ports.recorder.step(step.id);
  const standing = standingOf(record, fingerprint);
  const needs = (step.needs ?? []).map((need) => need.id);
  const after = needs.filter((id) => acting.has(id));
  const base = { id: step.id, title: step.title, needs, recorded: record?.status ?? 'pending', changes, after };
  if (isTrusted(step, options.mode, standing, record)) return { ...base, action: 'trust' };
  if (step.observe === undefined) return { ...base, action: decide(options.mode, standing, undefined) };
  const log = ports.logs.open(step.id, 0);
  const run = { ports, mode: options.mode, runId: options.runId, signal: options.signal };
  const ctx = createStepContext(run, step, { attempt: 0, log, signal: options.signal, recorded: record });
  const found = await step.observe(ctx).catch((thrown): Observation => {
    options.signal.throwIfAborted();
    const error = toInstallerError(thrown);
    return { state: 'unknown', reason: error.message, details: error.details.lines ?? [] };
  });
  const seen = maskObservation(found, ports.secrets.mask);
  if (seen.state !== 'unknown') return { ...base, seen, action: decide(options.mode, standing, seen) };
  // What cannot be seen because its foundation is yet to be made will be applied; else nobody can tell.
  return { ...base, seen, action: after.length > 0 ? 'apply' : 'none' };
}

function maskObservation(seen: Observation, mask: Mask): Observation {
  const { reason, details, destroys } = seen;
  return {
    ...seen,
    ...(reason === undefined ? {} : { reason: mask(reason) }),
    ...(details === undefined ? {} : { details: details.map(mask) }),
    ...(destroys === undefined ? {} : { destroys: destroys.map(mask) }),
  };
}
