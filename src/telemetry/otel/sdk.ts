import {
  context,
  DiagLogLevel,
  diag,
  type Logger,
  logs,
  type Meter,
  metrics,
  propagation,
  type Tracer,
  trace,
} from '@opentelemetry/api';
import { defaultResource, detectResources, envDetector, resourceFromAttributes } from '@opentelemetry/resources';
import { BatchLogRecordProcessor } from '@opentelemetry/sdk-logs';
import { PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { NodeSDK } from '@opentelemetry/sdk-node';
import { BatchSpanProcessor, type IdGenerator } from '@opentelemetry/sdk-trace';
import { ATTRIBUTES, SERVICE_NAME } from '../names.ts';
import type { OtlpSignal } from '../settings.ts';
import { batchOptions, isExported, metricOptions } from './sdk-options.ts';
import type { SpoolExporters } from './spool-exporters.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** What telemetry says of its source. Hand-picked: detectors would add the command line, secrets included. */
export interface OtelResource {
  version: string;
  cluster: string;
}

export interface SdkOptions {
  env: Env;
  /** Those that somebody takes. */
  signals: readonly OtlpSignal[];
  resource: OtelResource;
  ids: IdGenerator;
  /** Takes the SDK's own messages, when OTEL_LOG_LEVEL asks for them. */
  diagnose: (line: string) => void;
}

export interface Sdk {
  tracer: Tracer;
  logger: Logger;
  meter: Meter;
  /** Hands what is finished to the exporters. */
  flush(): Promise<void>;
  shutdown(): Promise<void>;
}

/** Starts the SDK as its variables (OTEL_*) say, with everything that they leave to us given: unset is localhost. */
export function startSdk(exporters: SpoolExporters, { env, signals, resource, ids, diagnose }: SdkOptions): Sdk {
  const spans = new BatchSpanProcessor({ exporter: exporters.traces, ...batchOptions(env, 'BSP') });
  const records = new BatchLogRecordProcessor({ exporter: exporters.logs, ...batchOptions(env, 'BLRP') });
  const reader = new PeriodicExportingMetricReader({ exporter: exporters.metrics, ...metricOptions(env) });
  const isWanted = (signal: OtlpSignal) => signals.includes(signal) && isExported(env, signal);
  const sdk = new NodeSDK({
    resource: describeSource(resource),
    autoDetectResources: false,
    resourceDetectors: [],
    instrumentations: [],
    idGenerator: ids,
    spanProcessors: isWanted('traces') ? [spans] : [],
    logRecordProcessors: isWanted('logs') ? [records] : [],
    metricReaders: isWanted('metrics') ? [reader] : [],
  });
  redirectDiagnostics(env, diagnose);
  sdk.start();
  const { version } = resource;
  return {
    tracer: trace.getTracer(SERVICE_NAME, version),
    logger: logs.getLogger(SERVICE_NAME, version),
    meter: metrics.getMeter(SERVICE_NAME, version),
    async flush() {
      await Promise.allSettled([spans.forceFlush(), records.forceFlush()]);
    },
    async shutdown() {
      await sdk.shutdown().catch(() => undefined);
      for (const api of [trace, logs, metrics, context, propagation, diag]) api.disable();
    },
  };
}

/** OTEL_RESOURCE_ATTRIBUTES and OTEL_SERVICE_NAME win, as their specification says. */
function describeSource({ version, cluster }: OtelResource) {
  const own = { [ATTRIBUTES.serviceName]: SERVICE_NAME, [ATTRIBUTES.serviceVersion]: version };
  return defaultResource()
    .merge(resourceFromAttributes({ ...own, [ATTRIBUTES.cluster]: cluster }))
    .merge(detectResources({ detectors: [envDetector] }));
}

/** What OTEL_LOG_LEVEL asks for; the SDK would write half of it to stdout, where only the answer may stand. */
function redirectDiagnostics(env: Env, diagnose: (line: string) => void): void {
  if (!env.OTEL_LOG_LEVEL) return;
  const level = DiagLogLevel[env.OTEL_LOG_LEVEL.toUpperCase() as keyof typeof DiagLogLevel] ?? DiagLogLevel.INFO;
  const tell = (message: string, ...more: unknown[]) =>
    diagnose(`OpenTelemetry: ${[message, ...more.map(String)].join(' ')}`);
  const logger = { error: tell, warn: tell, info: tell, debug: tell, verbose: tell };
  diag.setLogger(logger, { logLevel: level, suppressOverrideMessage: true });
}
