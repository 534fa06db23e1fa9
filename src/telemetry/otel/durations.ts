import { type Context, type Histogram, type Meter, trace } from '@opentelemetry/api';
import type { EngineEvent } from '../../engine/events.ts';
import { METRICS, type Metric } from '../names.ts';
import type { Exemplars } from './exemplars.ts';

/** Seconds; from a command that does nothing to an installation over a slow line. */
const BOUNDARIES = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1200];

export interface DurationOptions {
  meter: Meter;
  exemplars: Exemplars;
  cluster: string;
  plan: string;
  contextOf: (step: string) => Context;
}

/** How long steps and attempts take that change something. Hears an event before the spans that it ends are gone. */
export function createDurations(options: DurationOptions): (event: EngineEvent) => void {
  const { meter, exemplars, cluster, plan, contextOf } = options;
  const steps = createHistogram(meter, METRICS.stepDuration);
  const attempts = createHistogram(meter, METRICS.attemptDuration);
  const begun = new Map<string, number>();

  function record(metric: Metric, histogram: Histogram, { step, at, ms }: { step: string; at: number; ms: number }) {
    const context = contextOf(step);
    const value = Math.max(0, ms) / 1000;
    histogram.record(value, { cluster, plan, step }, context);
    const span = trace.getSpanContext(context);
    if (span !== undefined) exemplars.keep(metric.name, step, { value, at, span });
  }

  function endAttempt(step: string, at: number): void {
    const from = begun.get(step);
    begun.delete(step);
    if (from !== undefined) record(METRICS.attemptDuration, attempts, { step, at, ms: at - from });
  }

  return (event) => {
    if (event.type === 'attempt_started') begun.set(event.step, event.at);
    else if (event.type === 'attempt_failed') endAttempt(event.step, event.at);
    else if (event.type === 'step_finished') {
      const { step, at, action, durationMs } = event;
      endAttempt(step, at);
      const changed = action === 'apply' || action === 'repair';
      if (changed) record(METRICS.stepDuration, steps, { step, at, ms: durationMs });
    }
  };
}

function createHistogram(meter: Meter, { name, help }: Metric): Histogram {
  const advice = { explicitBucketBoundaries: BOUNDARIES };
  // Without a unit: what writes it to a Prometheus would add it to the name, which has it already.
  return meter.createHistogram(name, { description: help, advice });
}
