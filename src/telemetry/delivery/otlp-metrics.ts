import { METRICS, type Metric, SERVICE_NAME } from '../names.ts';
import type { Series } from '../remote-write.ts';

const COUNTER_NAMES: ReadonlySet<string> = new Set(
  Object.values<Metric>(METRICS).flatMap(({ type, name }) => (type === 'counter' ? [name] : [])),
);
const CUMULATIVE = 2;

/**
 * Samples as an OTLP request with their own timestamps, in the JSON form
 * (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding). Without units: what writes them to a Prometheus
 * would add those to the names, which have them already.
 */
export function toOtlpMetrics(series: readonly Series[]): object {
  const byName = new Map<string, object[]>();
  for (const { labels, samples } of series) {
    const { __name__: name = '', ...own } = labels;
    const attributes = Object.entries(own).map(([key, stringValue]) => ({ key, value: { stringValue } }));
    const points = samples.map(({ value, timestamp }) => ({
      timeUnixNano: `${timestamp}000000`,
      asDouble: value,
      attributes,
    }));
    const known = byName.get(name);
    if (known === undefined) byName.set(name, points);
    else for (const point of points) known.push(point);
  }
  const metrics = [...byName].map(([name, dataPoints]) =>
    COUNTER_NAMES.has(name)
      ? { name, sum: { dataPoints, isMonotonic: true, aggregationTemporality: CUMULATIVE } }
      : { name, gauge: { dataPoints } },
  );
  const resource = { attributes: [{ key: 'service.name', value: { stringValue: SERVICE_NAME } }] };
  return { resourceMetrics: [{ resource, scopeMetrics: [{ scope: { name: SERVICE_NAME }, metrics }] }] };
}
