import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-http';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-http';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import type { SpoolKind, SpoolRecord } from '../spool/spool.ts';
import type { Exemplars } from './exemplars.ts';
import { createInProcessAgent, type OtlpRequest } from './in-process.ts';

/** Takes OTLP requests: the spool, files, or both. */
export interface OtlpWriter {
  append(record: SpoolRecord): boolean;
}

export interface SpoolExporters {
  traces: OTLPTraceExporter;
  logs: OTLPLogExporter;
  metrics: OTLPMetricExporter;
}

/** What stands once in each item of a request's JSON: in a string of the user's its quotes would be escaped. */
const SIGNALS: Readonly<Record<string, { kind: SpoolKind; mark: string }>> = {
  '/v1/traces': { kind: 'otlp-traces', mark: '"startTimeUnixNano":' },
  '/v1/logs': { kind: 'otlp-logs', mark: '"observedTimeUnixNano":' },
  '/v1/metrics': { kind: 'otlp-metrics', mark: '"startTimeUnixNano":' },
};
const NOWHERE = 'http://spool.invalid';

/** The exporters of OpenTelemetry, whose collector is the spool: the bytes they make are what is delivered, and replayed. */
export function createSpoolExporters(
  writer: OtlpWriter,
  clock: { now(): number },
  exemplars: Exemplars,
): SpoolExporters {
  const agent = createInProcessAgent((request) => {
    const record = recordOf(request, clock.now());
    if (record === undefined) return;
    writer.append(record.kind === 'otlp-metrics' ? { ...record, body: exemplars.addTo(record.body) } : record);
  });
  const to = (path: string) => ({ url: `${NOWHERE}${path}`, httpAgentOptions: () => agent });
  return {
    traces: new OTLPTraceExporter(to('/v1/traces')),
    logs: new OTLPLogExporter(to('/v1/logs')),
    metrics: new OTLPMetricExporter(to('/v1/metrics')),
  };
}

function recordOf({ path, contentType, body }: OtlpRequest, at: number): (SpoolRecord & { body: Buffer }) | undefined {
  const signal = SIGNALS[path];
  if (signal === undefined) return undefined;
  const count = countOf(body, signal.mark);
  return count === 0 ? undefined : { kind: signal.kind, at, count, contentType, body };
}

function countOf(body: Buffer, mark: string): number {
  let count = 0;
  for (let at = body.indexOf(mark); at >= 0; at = body.indexOf(mark, at + mark.length)) count += 1;
  return count;
}
