import type { Plan } from '../../engine/plan.ts';
import { isDone, type Mode, type RunFields } from '../../engine/record.ts';
import { type RunReport, runPlan } from '../../engine/run-plan.ts';
import { type SurveyedStep, surveyPlan } from '../../engine/survey-plan.ts';
import { appendHistory } from '../../state/history.ts';
import { keepHeapSmall } from '../../system/small-heap.ts';
import { formatDuration } from '../../ui/format-time.ts';
import { commandFor } from '../../ui/next-command.ts';
import { renderRepairList, renderSurvey } from '../../ui/plan-view.ts';
import type { Endpoint } from '../../ui/status.ts';
import { appendStepSummary } from '../../ui/step-summary.ts';
import { renderSummary } from '../../ui/summary.ts';
import type { Options } from '../options.ts';
import type { Session } from '../session.ts';
import { type Terminal, viewOf } from '../terminal.ts';
import { traceRun } from '../trace-run.ts';

export interface Execution {
  plan: Plan;
  concurrency?: number;
  fields?: RunFields;
  /** Addresses to show at the end of a good run. */
  endpoints?: readonly Endpoint[];
}

/**
 * Runs, resumes or repairs a plan in an open session, or only shows what that would do.
 *
 * @returns the report of the run; undefined after `--dry-run`
 * @throws InstallerError the first failure, after everything was recorded and told
 */
export async function executePlan(
  session: Session,
  terminal: Terminal,
  options: Options,
  { plan, concurrency, fields, endpoints = [] }: Execution,
): Promise<RunReport | undefined> {
  const mode: Mode = options.mode === 'resume' || options.mode === 'repair' ? options.mode : 'run';
  const selection = options.selection === undefined ? {} : { selection: options.selection };
  const common = { mode, runId: session.runId, signal: session.signal, ...selection };
  if (options.dryRun) {
    // As JSON the answer is one document, not a line among events.
    const ports = options.json ? { ...session.ports, listeners: [] } : session.ports;
    const rows = await surveyPlan(plan, ports, common);
    showSurvey(terminal, options, mode, rows);
    return undefined;
  }
  if (mode === 'repair') await agreeToMend(session, terminal, options, await surveyPlan(plan, session.ports, common));
  const tracing = await traceRun(session, terminal, options);
  keepHeapSmall();
  const report = await runPlan(plan, tracing.ports, {
    ...common,
    acceptChanges: options.acceptChanges,
    endOrphans: options.yes,
    ...(concurrency === undefined ? {} : { concurrency }),
    fields: { ...fields, ...tracing.fields },
  }).finally(tracing.end);
  await forgetRemoved(session, plan);
  tracing.tell(endpoints);
  await session.reporter.finish();
  remember(session, mode, report);
  reportToJob(session, terminal, plan, report);
  if (report.error !== undefined) {
    // Whoever has stopped it need not be told to mend anything.
    const first =
      report.error.class === 'cancelled' ? 'everything done so far is recorded; carry on' : 'mend the cause, then';
    throw report.error.with({ hint: `${first}: ${commandFor('resume', session.target)}` });
  }
  if (!options.quiet && !options.json) {
    const view = {
      ...viewOf(terminal.stderr, terminal, options.color),
      now: Date.now(),
      endpoints,
    };
    terminal.stderr.write(`${renderSummary(session.target, view)}\n`);
  }
  return report;
}

/** What the plan no longer holds and was never done must not stand as failed for ever; what was done stays known. */
async function forgetRemoved({ state }: Session, plan: Plan): Promise<void> {
  const ids = new Set(plan.steps.map(({ id }) => id));
  const forget = Object.entries(state.document.steps).flatMap(([id, { status }]) =>
    ids.has(id) || isDone(status) ? [] : [id],
  );
  if (forget.length > 0) await state.record({ at: new Date().toISOString(), forget });
}

/** The page of a CI job shows how the run went, and which services made trouble. */
function reportToJob(
  session: Session,
  { env }: Terminal,
  plan: Plan,
  { result, outcomes, durationMs }: RunReport,
): void {
  const recorded = session.state.document.steps;
  appendStepSummary(env.GITHUB_STEP_SUMMARY, {
    title: `${plan.name} on ${plan.cluster}`,
    result: `${result} after ${formatDuration(durationMs)}`,
    steps: plan.steps.map(({ id }) => {
      const { status = 'pending', attempts = 0, duration_ms: duration } = recorded[id] ?? {};
      const error = outcomes.get(id)?.error?.message;
      return {
        id,
        status,
        attempts,
        ...(duration === undefined ? {} : { durationMs: duration }),
        ...(error === undefined ? {} : { error }),
      };
    }),
    targets: session.targets(),
  });
}

function showSurvey(terminal: Terminal, options: Options, mode: Mode, rows: readonly SurveyedStep[]): void {
  if (options.json) {
    terminal.stdout.write(`${JSON.stringify({ mode, steps: rows })}\n`);
    return;
  }
  const view = viewOf(terminal.stdout, terminal, options.color);
  const text = mode === 'repair' ? renderRepairList(rows, view) : renderSurvey(rows, { ...view, mode });
  terminal.stdout.write(`${text}\n`);
}

/** Lists what is unhealthy, and asks before anything is mended that destroys something. */
async function agreeToMend(
  session: Session,
  terminal: Terminal,
  options: Options,
  rows: readonly SurveyedStep[],
): Promise<void> {
  const view = viewOf(terminal.stderr, terminal, options.color);
  if (!options.quiet && !options.json) terminal.stderr.write(`${renderRepairList(rows, view)}\n`);
  const destroyed = rows.flatMap((row) => (row.seen?.destroys ?? []).map((what) => `${row.id}: ${what}`));
  if (destroyed.length > 0) await session.consent('Mend this, which destroys what is listed?', destroyed);
}

function remember(session: Session, mode: Mode, report: RunReport): void {
  const endedAt = new Date();
  const steps = session.state.document.steps;
  const durations = Object.fromEntries(
    [...report.outcomes].flatMap(([id, outcome]) => {
      const duration = steps[id]?.duration_ms;
      const acted = outcome.action === 'apply' || outcome.action === 'repair';
      return outcome.status === 'completed' && acted && duration !== undefined ? [[id, duration]] : [];
    }),
  );
  const entry = {
    run_id: session.runId,
    mode,
    result: report.result,
    started_at: new Date(endedAt.getTime() - report.durationMs).toISOString(),
    ended_at: endedAt.toISOString(),
    steps: durations,
    ...(Object.keys(session.targets()).length === 0 ? {} : { targets: session.targets() }),
  };
  try {
    appendHistory(session.paths, entry);
  } catch {
    // A full disk loses an estimate, never the outcome of a run.
  }
}
