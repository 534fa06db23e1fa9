import type { StepStatus } from '../../src/engine/record.ts';
import {
  METRICS,
  type Metric,
  RUN_STATUS_VALUES,
  type RunStatus,
  STEP_STATUS_VALUES,
} from '../../src/telemetry/names.ts';

/** Values of a series by minute; between them there are no samples. */
export type Samples = Readonly<Record<number, number>>;

/** One situation, and whether an alert fires in it; the clock starts at 0. */
export interface AlertCase {
  name: string;
  series: Readonly<Record<string, Samples>>;
  /** When it is looked at, as Prometheus writes durations. */
  at: string;
  /** Labels of each alert that fires then; empty: none does. */
  fires: readonly Readonly<Record<string, string>>[];
}

export const RUN = { cluster: 'dev', plan: 'create-cluster' } as const;
export const STEP = { ...RUN, step: 'pods_ready' } as const;

/** A series by its labels. */
export function named(metric: Metric, labels: Readonly<Record<string, string>>): string {
  return `${metric.name}{${Object.entries(labels)
    .map(([name, value]) => `${name}="${value}"`)
    .join(',')}}`;
}

/** States of the run by minute. */
export function run(states: Readonly<Record<number, RunStatus>>, labels: Readonly<Record<string, string>> = RUN) {
  return { [named(METRICS.runStatus, labels)]: mapValues(states, (state) => RUN_STATUS_VALUES[state]) };
}

/** States of the step by minute. */
export function step(states: Readonly<Record<number, StepStatus>>, labels: Readonly<Record<string, string>> = STEP) {
  return { [named(METRICS.stepStatus, labels)]: mapValues(states, (state) => STEP_STATUS_VALUES[state]) };
}

/** Values by minute of any metric of the run. */
export function of(metric: Metric, samples: Samples, labels: Readonly<Record<string, string>> = RUN) {
  return { [named(metric, labels)]: samples };
}

/** A sign of life each minute, from one to the other. */
export function alive(from: number, to: number) {
  const minutes = Array.from({ length: to - from + 1 }, (_none, index) => from + index);
  return of(METRICS.heartbeat, Object.fromEntries(minutes.map((minute) => [minute, minute * 60])));
}

/** A counter with a sample per minute that grows by one `count` times, then stands still. */
export function counted(metric: Metric, count: number, labels: Readonly<Record<string, string>>, minutes = 60) {
  const samples = Array.from({ length: minutes + 1 }, (_none, minute) => [minute, Math.min(minute, count)] as const);
  return of(metric, Object.fromEntries(samples), labels);
}

/** A counter with a sample per minute that reaches `total` within ten minutes. */
export function grown(metric: Metric, total: number, labels: Readonly<Record<string, string>>, minutes = 60) {
  const at = (minute: number) => Math.floor((total * Math.min(minute, 10)) / 10);
  const samples = Array.from({ length: minutes + 1 }, (_none, minute) => [minute, at(minute)] as const);
  return of(metric, Object.fromEntries(samples), labels);
}

/** As promtool reads series: a value per minute, `_` for none, `_xN` for N minutes without. */
export function writeSamples(samples: Samples): string {
  const minutes = Object.keys(samples)
    .map(Number)
    .sort((a, b) => a - b);
  const words: string[] = [];
  let next = 0;
  for (const minute of minutes) {
    if (minute > next) words.push(`_x${minute - next}`);
    words.push(String(samples[minute]));
    next = minute + 1;
  }
  return words.join(' ');
}

function mapValues<T>(values: Readonly<Record<number, T>>, to: (value: T) => number): Samples {
  return Object.fromEntries(Object.entries(values).map(([minute, value]) => [minute, to(value)]));
}
