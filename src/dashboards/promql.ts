import type { Label, Metric } from '../telemetry/names.ts';
import { METRICS, RUN_STATUS_VALUES, STEP_STATUS_VALUES } from '../telemetry/names.ts';

/**
 * PromQL that dashboards and alert rules share. A pushed value is gone from instant queries five minutes after its last
 * sample, so every state is asked for by its last sample within a range. What is returned can stand in any expression:
 * it is a call, or in parentheses.
 */
export interface Scope {
  /** Matchers, such as `cluster="$cluster"`; empty: all. */
  matchers: string;
  /** How far back a state is looked for, such as `7d` or a dashboard variable. */
  range: string;
}

const S = STEP_STATUS_VALUES;
const R = RUN_STATUS_VALUES;
const BY_RUN = 'on (cluster, plan)';

/** A heartbeat older than this, in seconds, tells a stuck run from a slow one. */
export const STUCK_SECONDS = 300;

export function select(metric: Metric, matchers: string, ...more: readonly string[]): string {
  const all = [matchers, ...more].filter((matcher) => matcher !== '');
  return all.length === 0 ? metric.name : `${metric.name}{${all.join(',')}}`;
}

/** The latest value per series; labels that a receiver adds (job, instance) are taken off. */
export function latest(metric: Metric, { matchers, range }: Scope, by: readonly Label[] = metric.labels): string {
  return `max by (${by.join(', ')}) (last_over_time(${select(metric, matchers)}[${range}]))`;
}

/** What is left after runs that `--delete` or `--reset` closed are taken away. */
export function openOnly(expr: string, scope: Scope): string {
  return `((${expr}) unless ${BY_RUN} (${runStatus(scope)} >= ${R.deleted}))`;
}

export function runStatus(scope: Scope): string {
  return latest(METRICS.runStatus, scope);
}

/** State of the runs that are not closed. */
export function openRuns(scope: Scope): string {
  return `(${runStatus(scope)} < ${R.deleted})`;
}

/** Runs in one of the given states; the value is the state. */
export function runsIn(scope: Scope, ...states: readonly (keyof typeof RUN_STATUS_VALUES)[]): string {
  return `(${states.map((state) => `${runStatus(scope)} == ${R[state]}`).join(' or ')})`;
}

export function failedRuns(scope: Scope): string {
  return runsIn(scope, 'failure', 'timeout', 'error');
}

/** `expr` where the run of the same cluster and plan is one of `runs`. */
export function whereRun(expr: string, runs: string): string {
  return `((${expr}) and ${BY_RUN} ${runs})`;
}

export function stepStatus(scope: Scope): string {
  return latest(METRICS.stepStatus, scope);
}

/** Per step: 1 if failed, else 0; closed runs left out. */
export function stepFailed(scope: Scope): string {
  return openOnly(`${stepStatus(scope)} == bool ${S.failed}`, scope);
}

/** Steps that run now. */
export function currentSteps(scope: Scope): string {
  return whereRun(`${stepStatus(scope)} == ${S.in_progress}`, runsIn(scope, 'running'));
}

/** Share of the steps that are done, 0 to 1, per run. */
export function progress(scope: Scope): string {
  const steps = stepStatus(scope);
  const done = `(${steps} == bool ${S.completed}) + (${steps} == bool ${S.skipped})`;
  return openOnly(`sum by (cluster, plan) (${done}) / count by (cluster, plan) (${steps})`, scope);
}

/** Seconds from the start of the latest run to its end, or to now while it runs. */
export function elapsed(scope: Scope): string {
  const started = latest(METRICS.runStarted, scope);
  const ended = latest(METRICS.runCompleted, scope);
  const running = whereRun(`time() - ${started}`, runsIn(scope, 'running'));
  const over = whereRun(`${ended} - ${started}`, `(${runStatus(scope)} > ${R.running} < ${R.deleted})`);
  return `(${running} or ${over})`;
}

/** Seconds that a running run should still take, by the successful runs before it. */
export function timeLeft(scope: Scope): string {
  const passed = whereRun(`time() - ${latest(METRICS.runStarted, scope)}`, runsIn(scope, 'running'));
  return `clamp_min(${usualTime(scope)} - ${passed}, 0)`;
}

/** Seconds since a running run last showed that it is alive. */
export function silence(scope: Scope): string {
  return whereRun(`time() - ${latest(METRICS.heartbeat, scope)}`, runsIn(scope, 'running'));
}

/** Mean seconds of the successful runs within the range, per run. */
function usualTime({ matchers, range }: Scope): string {
  const successes = select(METRICS.runLastDuration, matchers, 'result="success"');
  return `avg by (cluster, plan) (avg_over_time(${successes}[${range}]))`;
}

/**
 * Runs that ended within the window, exactly: the counter goes up by one at a time, so its steps upwards are counted;
 * `increase()` would extrapolate between sparse samples.
 */
export function countSteps(metric: Metric, matchers: string, window: string): string {
  const series = select(metric, matchers);
  return `(changes(${series}[${window}]) - resets(${series}[${window}]))`;
}

/** Runs that ended, by what `by` names; a run that somebody cancelled says nothing about success. */
function endedRuns(matchers: string, window: string, by: string): string {
  const counted = [matchers, 'result!="cancellation"'].filter((one) => one !== '').join(',');
  return `sum by (${by}) (${countSteps(METRICS.runs, counted, window)})`;
}

/** Share of the ended runs that succeeded, for at least `least` of them. */
export function successRate(matchers: string, window: string, by: string, least: number): string {
  const successes = [matchers, 'result="success"'].filter((one) => one !== '').join(',');
  const ended = endedRuns(matchers, window, by);
  const good = `sum by (${by}) (${countSteps(METRICS.runs, successes, window)})`;
  return `((${good} or 0 * ${ended}) / (${ended} >= ${least}))`;
}

/** Share of the events of `all` that `part` counts, for at least `least` events. */
export function share(
  part: { metric: Metric; matchers: string },
  all: { metric: Metric; matchers: string },
  { window, by, least }: { window: string; by: string; least: number },
): string {
  const sum = (one: { metric: Metric; matchers: string }) =>
    `sum by (${by}) (increase(${select(one.metric, one.matchers)}[${window}]))`;
  return `((${sum(part)} or 0 * ${sum(all)}) / (${sum(all)} >= ${least}))`;
}
