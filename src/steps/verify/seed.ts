import { InstallerError } from '../../errors/installer-error.ts';
import { pushSamples } from '../../telemetry/remote-write.ts';
import { askHttp, describeAnswer, isSuccess } from './http-answer.ts';

/** One signal of each kind that is sent through a fresh installation and read back. */
export interface Seed {
  cluster: string;
  /** When it was made, in milliseconds since the epoch. */
  atMs: number;
  /** 32 hex digits: also marks the log line. */
  traceId: string;
  /** 16 hex digits. */
  spanId: string;
}

/** The gauge that both ways of sending metrics write to, told apart by the label `path`; its value is a time in seconds. */
export const SEED_METRIC = 'contextcore_install_seed_timestamp_seconds';
export const SEED_SERVICE = 'contextcore-install';
export type SeedPath = 'remote_write' | 'otlp';

export interface SendOptions {
  headers?: Readonly<Record<string, string>>;
  signal: AbortSignal;
}

/** @param random gives numbers in [0, 1) */
export function createSeed(cluster: string, atMs: number, random: () => number): Seed {
  const hex = (digits: number) => Array.from({ length: digits }, () => Math.floor(random() * 16).toString(16)).join('');
  // An id of zeros only is invalid (https://www.w3.org/TR/trace-context/#trace-id).
  return { cluster, atMs, traceId: `1${hex(31)}`, spanId: `1${hex(15)}` };
}

/** Sends the gauge by remote write. @throws InstallerError as `pushSamples` does */
export async function sendSeedSample(url: string, seed: Seed, options: SendOptions): Promise<void> {
  const labels = { __name__: SEED_METRIC, cluster: seed.cluster, path: 'remote_write' satisfies SeedPath };
  await pushSamples(url, [{ labels, samples: [{ value: seed.atMs / 1000, timestamp: seed.atMs }] }], options);
}

export type OtlpSignal = 'metrics' | 'logs' | 'traces';

/**
 * Sends one signal by OTLP over HTTP, as JSON (https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding).
 *
 * @param baseUrl to which `/v1/metrics` and the like are added
 * @throws InstallerError `step_failed` when it is not taken
 */
export async function sendSeedByOtlp(
  baseUrl: string,
  signalName: OtlpSignal,
  seed: Seed,
  options: SendOptions,
): Promise<void> {
  const url = `${baseUrl}/v1/${signalName}`;
  const answer = await askHttp(url, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...options.headers },
    body: JSON.stringify(otlpRequest(signalName, seed)),
    signal: options.signal,
  });
  if (isSuccess(answer)) return;
  throw new InstallerError('step_failed', `${url} did not take the ${signalName}: ${describeAnswer(answer)}`, {
    class: answer.status === undefined ? 'network_reset' : answer.status >= 500 ? 'server_error' : 'unknown',
  });
}

/** The body of an OTLP export request; in its JSON form 64-bit numbers are strings and ids are hexadecimal. */
function otlpRequest(signalName: OtlpSignal, seed: Seed): object {
  const nanos = `${seed.atMs}000000`;
  const scope = { name: SEED_SERVICE };
  const resource = {
    attributes: [attribute('service.name', SEED_SERVICE), attribute('contextcore.cluster', seed.cluster)],
  };
  if (signalName === 'metrics') {
    const attributes = [attribute('cluster', seed.cluster), attribute('path', 'otlp' satisfies SeedPath)];
    const dataPoints = [{ timeUnixNano: nanos, asDouble: seed.atMs / 1000, attributes }];
    const metrics = [{ name: SEED_METRIC, gauge: { dataPoints } }];
    return { resourceMetrics: [{ resource, scopeMetrics: [{ scope, metrics }] }] };
  }
  if (signalName === 'logs') {
    const logRecords = [
      {
        timeUnixNano: nanos,
        observedTimeUnixNano: nanos,
        severityNumber: 9,
        severityText: 'INFO',
        body: { stringValue: `seed ${seed.traceId} of cluster ${seed.cluster}` },
        traceId: seed.traceId,
        spanId: seed.spanId,
      },
    ];
    return { resourceLogs: [{ resource, scopeLogs: [{ scope, logRecords }] }] };
  }
  const span = {
    traceId: seed.traceId,
    spanId: seed.spanId,
    name: 'seed',
    kind: 1,
    startTimeUnixNano: nanos,
    endTimeUnixNano: `${seed.atMs + 1}000000`,
    attributes: [attribute('cluster', seed.cluster)],
  };
  return { resourceSpans: [{ resource, scopeSpans: [{ scope, spans: [span] }] }] };
}

function attribute(key: string, stringValue: string) {
  return { key, value: { stringValue } };
}
