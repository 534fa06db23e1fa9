import type { SpanContext } from '@opentelemetry/api';
import type { LABELS } from '../names.ts';
import { MOST_SERIES } from './sdk-options.ts';

/** A measurement, with the span that it was made in. */
export interface Exemplar {
  /** Seconds. */
  value: number;
  /** Milliseconds since the epoch. */
  at: number;
  span: SpanContext;
}

/** The latest measurement of each series of a histogram, since the JavaScript SDK keeps none. */
export interface Exemplars {
  keep(metric: string, step: string, exemplar: Exemplar): void;
  /** Adds what was kept to the data points of an OTLP request in its JSON form; each is sent once. */
  addTo(body: Buffer): Buffer;
}

const STEP_LABEL: keyof typeof LABELS = 'step';

interface MetricsRequest {
  resourceMetrics?: { scopeMetrics?: { metrics?: { name: string; histogram?: { dataPoints?: DataPoint[] } }[] }[] }[];
}

interface DataPoint {
  attributes?: { key: string; value?: { stringValue?: string } }[];
  exemplars?: object[];
}

export function createExemplars(): Exemplars {
  const kept = new Map<string, Exemplar>();
  const keyOf = (metric: string, step: string) => `${metric} ${step}`;

  function take(metric: string, step: string): object[] {
    const found = kept.get(keyOf(metric, step));
    kept.delete(keyOf(metric, step));
    return found === undefined ? [] : [toJson(found)];
  }

  return {
    keep(metric, step, exemplar) {
      const key = keyOf(metric, step);
      if (kept.size < 2 * MOST_SERIES || kept.has(key)) kept.set(key, exemplar);
    },
    addTo(body) {
      if (kept.size === 0) return body;
      const request = JSON.parse(body.toString('utf8')) as MetricsRequest;
      const scopes = (request.resourceMetrics ?? []).flatMap(({ scopeMetrics }) => scopeMetrics ?? []);
      for (const { name, histogram } of scopes.flatMap(({ metrics }) => metrics ?? [])) {
        for (const point of histogram?.dataPoints ?? []) {
          const step = point.attributes?.find(({ key }) => key === STEP_LABEL)?.value?.stringValue;
          if (step !== undefined) point.exemplars = take(name, step);
        }
      }
      return Buffer.from(JSON.stringify(request));
    },
  };
}

/** https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding: ids in hexadecimal, 64-bit numbers as text. */
function toJson({ value, at, span }: Exemplar): object {
  return { timeUnixNano: `${at}000000`, asDouble: value, traceId: span.traceId, spanId: span.spanId };
}
