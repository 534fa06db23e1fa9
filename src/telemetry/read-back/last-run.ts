import type { StepStatus } from '../../engine/record.ts';
import { METRICS, type Metric, RUN_STATUS_VALUES, STANDING, STEP_STATUS_VALUES } from '../names.ts';
import type { RawSeries } from './prometheus-api.ts';

/** A step as the metrics tell it. */
export interface ToldStep {
  status: StepStatus;
  /** Of that status, in milliseconds since the epoch, as the others. */
  at: number;
  startedAt?: number;
  completedAt?: number;
  attempts?: number;
}

/** The latest run of a plan on a cluster, as the metrics tell it. */
export interface ToldRun {
  startedAt: number;
  planHash?: string;
  /** Its state was given up on purpose. */
  closed?: 'deleted' | 'reset';
  /** By id. A step that is not here is unknown: nothing was told of it since the run began. */
  steps: Readonly<Record<string, ToldStep>>;
}

const STATUS_BY_VALUE: ReadonlyMap<number, StepStatus> = new Map(
  (Object.entries(STEP_STATUS_VALUES) as [StepStatus, number][]).map(([status, value]) => [value, status]),
);

/** A query for everything that {@link readLastRun} reads: one, so that the answer is of one moment. */
export function lastRunQuery(cluster: string, plan: string): string {
  const names = STANDING.map(({ name }) => name).join('|');
  return `{__name__=~${JSON.stringify(names)},cluster=${JSON.stringify(cluster)},plan=${JSON.stringify(plan)}}[30d]`;
}

/**
 * Takes the samples since the latest start of a run: at its start a run tells every status that it found recorded.
 *
 * @returns undefined when no run is told of
 */
export function readLastRun(series: readonly RawSeries[]): ToldRun | undefined {
  const startedAt = latestStart(series);
  if (startedAt === undefined) return undefined;
  const steps: Record<string, ToldStep> = {};
  for (const [step, { value, timestamp }] of lastByStep(series, METRICS.stepStatus, startedAt)) {
    const status = STATUS_BY_VALUE.get(value);
    // Of a later version.
    if (status === undefined) continue;
    steps[step] = { status, at: timestamp };
  }
  // These may be of an earlier run, when the step was last done.
  for (const [step, { value }] of lastByStep(series, METRICS.stepStarted))
    amend(steps, step, { startedAt: toMs(value) });
  for (const [step, { value }] of lastByStep(series, METRICS.stepAttempts)) amend(steps, step, { attempts: value });
  for (const [step, { value }] of lastByStep(series, METRICS.stepCompleted)) {
    if (steps[step]?.status === 'completed') amend(steps, step, { completedAt: toMs(value) });
  }
  const closed = closedBy(series, startedAt);
  const planHash = latestPlanHash(series);
  return {
    startedAt,
    steps,
    ...(closed === undefined ? {} : { closed }),
    ...(planHash === undefined ? {} : { planHash }),
  };
}

function amend(steps: Record<string, ToldStep>, id: string, fields: Partial<ToldStep>): void {
  const step = steps[id];
  if (step !== undefined && step.status !== 'pending') steps[id] = { ...step, ...fields };
}

type Sample = RawSeries['samples'][number];

function latestStart(series: readonly RawSeries[]): number | undefined {
  const started = ofMetric(series, METRICS.runStarted).flatMap(({ samples }) =>
    samples.map(({ value }) => toMs(value)),
  );
  return started.length === 0 ? undefined : started.reduce((latest, one) => Math.max(latest, one));
}

/** The latest sample of each step, over all series of it: ways and receivers add labels of their own. */
function lastByStep(series: readonly RawSeries[], metric: Metric, since = 0): ReadonlyMap<string, Sample> {
  const last = new Map<string, Sample>();
  for (const { labels, samples } of ofMetric(series, metric)) {
    const { step } = labels;
    const latest = samples.at(-1);
    if (step === undefined || latest === undefined || latest.timestamp < since) continue;
    if ((last.get(step)?.timestamp ?? 0) <= latest.timestamp) last.set(step, latest);
  }
  return last;
}

function closedBy(series: readonly RawSeries[], startedAt: number): ToldRun['closed'] {
  const samples = ofMetric(series, METRICS.runStatus).flatMap((one) => one.samples.slice(-1));
  const latest = samples.sort((a, b) => a.timestamp - b.timestamp).at(-1);
  if (latest === undefined || latest.timestamp < startedAt) return undefined;
  if (latest.value === RUN_STATUS_VALUES.deleted) return 'deleted';
  return latest.value === RUN_STATUS_VALUES.reset ? 'reset' : undefined;
}

/** Its value is when that plan was started. */
function latestPlanHash(series: readonly RawSeries[]): string | undefined {
  const told = ofMetric(series, METRICS.planInfo).map(({ labels, samples }) => ({
    hash: labels.plan_hash,
    at: samples.at(-1)?.value ?? 0,
  }));
  return told.sort((a, b) => a.at - b.at).at(-1)?.hash;
}

function ofMetric(series: readonly RawSeries[], { name }: Metric): readonly RawSeries[] {
  return series.filter(({ labels }) => labels.__name__ === name);
}

/** Values are seconds with milliseconds as decimals. */
function toMs(seconds: number): number {
  return Math.round(seconds * 1000);
}
