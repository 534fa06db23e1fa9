import type { StepStatus } from '../../src/engine/record.ts';
import {
  METRICS,
  type Metric,
  RUN_STATUS_VALUES,
  type RunStatus,
  STEP_STATUS_VALUES,
} from '../../src/telemetry/names.ts';
import type { Series } from '../../src/telemetry/remote-write.ts';

/** Samples as an installer sends them, played for given times instead of waited for. */
export interface Recording {
  /** Adds a sample; `at` in milliseconds. Times of one series strictly increase. */
  set(metric: Metric, labels: Readonly<Record<string, string>>, value: number, at: number): void;
  /** Raises a counter. */
  add(metric: Metric, labels: Readonly<Record<string, string>>, by: number, at: number): void;
  /** The latest value. */
  valueOf(metric: Metric, labels: Readonly<Record<string, string>>): number | undefined;
  /** Sends the latest value of each series of these metrics again. */
  repeat(metrics: readonly Metric[], match: Readonly<Record<string, string>>, at: number): void;
  series(): Series[];
}

type Sample = { value: number; timestamp: number };

export function createRecording(): Recording {
  const all = new Map<string, { labels: Record<string, string>; samples: Sample[] }>();
  const find = (metric: Metric, labels: Readonly<Record<string, string>>) => {
    const full = { __name__: metric.name, ...labels };
    const key = JSON.stringify(Object.entries(full).sort());
    const entry = all.get(key) ?? { labels: full, samples: [] as Sample[] };
    all.set(key, entry);
    return entry;
  };
  const recording: Recording = {
    set(metric, labels, value, at) {
      const missing = metric.labels.filter((label) => labels[label] === undefined);
      if (missing.length > 0) throw new Error(`${metric.name} is set without ${missing.join(', ')}`);
      const { samples } = find(metric, labels);
      samples.push({ value, timestamp: Math.max(at, (samples.at(-1)?.timestamp ?? 0) + 1) });
    },
    add(metric, labels, by, at) {
      recording.set(metric, labels, (recording.valueOf(metric, labels) ?? 0) + by, at);
    },
    valueOf: (metric, labels) => find(metric, labels).samples.at(-1)?.value,
    repeat(metrics, match, at) {
      const names = new Set(metrics.map(({ name }) => name));
      for (const { labels, samples } of all.values()) {
        const last = samples.at(-1);
        const matches = Object.entries(match).every(([name, value]) => labels[name] === value);
        if (last === undefined || !matches || !names.has(labels.__name__ ?? '')) continue;
        if (last.timestamp < at) samples.push({ value: last.value, timestamp: at });
      }
    },
    series: () => [...all.values()].filter(({ samples }) => samples.length > 0),
  };
  return recording;
}

export interface PlayedStep {
  id: string;
  seconds: number;
  /** Default: completed. `in_progress` and `pending` leave it so when the run ends. */
  status?: StepStatus;
  attempts?: number;
}

export interface PlayedRun {
  cluster: string;
  plan?: string;
  /** Milliseconds since the epoch. */
  start: number;
  steps: readonly PlayedStep[];
  /** Undefined: it still runs, or was killed, at `until`. */
  result?: Exclude<RunStatus, 'running' | 'deleted' | 'reset'>;
  /** Last sign of life of a run without a result. */
  until?: number;
  version?: string;
}

const MINUTE = 60_000;
const COUNTERS = Object.values(METRICS).filter(({ type }: Metric) => type === 'counter');
const REPEATED = [
  METRICS.stepStatus,
  METRICS.stepStarted,
  METRICS.stepAttempts,
  METRICS.runStatus,
  METRICS.runStarted,
  METRICS.planInfo,
];
const RESULTS = ['success', 'failure', 'timeout', 'cancellation', 'error'];

/** @returns when it ended, in milliseconds */
export function playRun(to: Recording, { plan = 'create-cluster', ...run }: PlayedRun): number {
  const labels = { cluster: run.cluster, plan };
  const length = run.steps.reduce((sum, { seconds }) => sum + seconds * 1000, 0);
  const end = run.result === undefined ? (run.until ?? run.start + length) : run.start + length;
  beginRun(to, labels, run);
  const moments: [at: number, act: () => void][] = [];
  let at = run.start;
  for (const step of run.steps) {
    const status = step.status ?? 'completed';
    if (status !== 'pending') moments.push(...playStep(to, { ...labels, step: step.id }, step, at));
    at += step.seconds * 1000;
  }
  for (let minute = run.start; minute <= end; minute += MINUTE) {
    moments.push([minute, () => signLife(to, labels, minute)]);
  }
  for (const [, act] of moments.filter(([when]) => when <= end).sort(([a], [b]) => a - b)) act();
  if (run.result === undefined) signLife(to, labels, end);
  else endRun(to, labels, run, end);
  return end;
}

function beginRun(to: Recording, labels: { cluster: string; plan: string }, run: Omit<PlayedRun, 'plan'>): void {
  for (const result of RESULTS) to.add(METRICS.runs, { ...labels, result }, 0, run.start);
  to.repeat(COUNTERS, labels, run.start);
  // A closed run has left no state to begin with.
  const closed = (to.valueOf(METRICS.runStatus, labels) ?? 0) >= RUN_STATUS_VALUES.deleted;
  for (const { id } of run.steps) {
    const step = { ...labels, step: id };
    const recorded = closed ? undefined : to.valueOf(METRICS.stepStatus, step);
    to.set(METRICS.stepStatus, step, recorded ?? STEP_STATUS_VALUES.pending, run.start);
  }
  to.set(METRICS.runStatus, labels, RUN_STATUS_VALUES.running, run.start);
  to.set(METRICS.runStarted, labels, run.start / 1000, run.start);
  const info = { ...labels, version: run.version ?? '1.0.0', plan_hash: 'abc' };
  to.set(METRICS.planInfo, info, run.start / 1000, run.start);
}

function playStep(
  to: Recording,
  labels: Readonly<Record<string, string>>,
  { seconds, attempts = 1, status = 'completed' }: PlayedStep,
  at: number,
): [number, () => void][] {
  const done = at + seconds * 1000;
  const begin: [number, () => void] = [
    at,
    () => {
      to.set(METRICS.stepStatus, labels, STEP_STATUS_VALUES.in_progress, at);
      to.set(METRICS.stepStarted, labels, at / 1000, at);
      to.set(METRICS.stepAttempts, labels, 1, at);
    },
  ];
  if (status === 'in_progress') return [begin];
  const finish = () => {
    to.set(METRICS.stepStatus, labels, STEP_STATUS_VALUES[status], done);
    to.set(METRICS.stepAttempts, labels, attempts, done);
    if (status !== 'completed') return;
    to.set(METRICS.stepCompleted, labels, done / 1000, done);
    to.set(METRICS.stepLastDuration, labels, seconds, done);
  };
  return [begin, [done, finish]];
}

function signLife(to: Recording, labels: { cluster: string; plan: string }, at: number): void {
  to.set(METRICS.heartbeat, labels, at / 1000, at);
  to.repeat([...REPEATED, ...COUNTERS], labels, at);
}

function endRun(
  to: Recording,
  labels: { cluster: string; plan: string },
  { result, start }: Omit<PlayedRun, 'plan'>,
  end: number,
): void {
  if (result === undefined) return;
  to.set(METRICS.heartbeat, labels, end / 1000, end);
  to.set(METRICS.runStatus, labels, RUN_STATUS_VALUES[result], end);
  to.set(METRICS.runCompleted, labels, end / 1000, end);
  to.set(METRICS.runLastDuration, { ...labels, result }, (end - start) / 1000, end);
  if (result === 'success') to.set(METRICS.lastSuccess, labels, end / 1000, end);
  to.add(METRICS.runs, { ...labels, result }, 1, end);
  for (const [volume, free] of [
    ['home', 40e9],
    ['docker', 30e9],
  ] as const) {
    to.set(METRICS.diskSize, { ...labels, volume }, 100e9, end);
    to.set(METRICS.diskFree, { ...labels, volume }, free, end);
  }
  to.set(METRICS.spoolRecords, labels, 0, end);
  to.set(METRICS.spoolBytes, labels, 0, end);
}

/** What `--delete` and `--reset` send. */
export function closeRun(
  to: Recording,
  cluster: string,
  how: 'deleted' | 'reset',
  at: number,
  plan = 'create-cluster',
): void {
  to.set(METRICS.runStatus, { cluster, plan }, RUN_STATUS_VALUES[how], at);
}
