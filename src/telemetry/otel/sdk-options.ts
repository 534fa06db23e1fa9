import type { OtlpSignal } from '../settings.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** Spans or log records that wait in memory; a step makes about four of them. */
const MOST_WAITING = 8192;
const PER_BATCH = 256;
/** Steps with a distribution of their own; those beyond share one. All of them are sent each time. */
export const MOST_SERIES = 500;
/** What a kill -9 can lose. */
const DELAY_MS = 1000;

interface BatchOptions {
  maxQueueSize: number;
  maxExportBatchSize: number;
  scheduledDelayMillis: number;
  exportTimeoutMillis: number;
}

/** https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/ @param kind `BSP` spans, `BLRP` logs */
export function batchOptions(env: Env, kind: 'BSP' | 'BLRP'): BatchOptions {
  const read = (what: string, otherwise: number) => readNumber(env[`OTEL_${kind}_${what}`]) ?? otherwise;
  return {
    maxQueueSize: read('MAX_QUEUE_SIZE', MOST_WAITING),
    maxExportBatchSize: read('MAX_EXPORT_BATCH_SIZE', PER_BATCH),
    scheduledDelayMillis: read('SCHEDULE_DELAY', DELAY_MS),
    exportTimeoutMillis: read('EXPORT_TIMEOUT', 30_000),
  };
}

export function metricOptions(env: Env): {
  exportIntervalMillis: number;
  exportTimeoutMillis: number;
  maxExportBatchSize: number;
  cardinalityLimits: { histogram: number };
} {
  const interval = readNumber(env.OTEL_METRIC_EXPORT_INTERVAL) ?? 60_000;
  const timeout = readNumber(env.OTEL_METRIC_EXPORT_TIMEOUT) ?? 30_000;
  return {
    exportIntervalMillis: interval,
    exportTimeoutMillis: Math.min(interval, timeout),
    maxExportBatchSize: PER_BATCH,
    cardinalityLimits: { histogram: MOST_SERIES },
  };
}

/** Whether a signal is wanted: OTEL_TRACES_EXPORTER and its like can name `none`. */
export function isExported(env: Env, signal: OtlpSignal): boolean {
  const named = env[`OTEL_${signal.toUpperCase()}_EXPORTER`] ?? '';
  return !named.split(',').some((name) => name.trim() === 'none');
}

/** https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/#boolean */
export function isSdkDisabled(env: Env): boolean {
  return env.OTEL_SDK_DISABLED?.trim().toLowerCase() === 'true';
}

/** A variable that is no positive number is as if it were not set. */
function readNumber(value: string | undefined): number | undefined {
  const number = Number(value);
  return value !== undefined && value.trim() !== '' && Number.isFinite(number) && number > 0 ? number : undefined;
}
