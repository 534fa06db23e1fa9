import type { Outputs } from '../../engine/record.ts';
import type { Endpoint, OtlpSignal, TelemetrySettings } from '../settings.ts';
import type { SpoolKind } from '../spool/spool.ts';

/** What is recorded of an installation that may hold backends. */
export interface Installed {
  ports: Readonly<Record<string, number>>;
  /** Of the step that made the cluster: it knows where ports are that are not on the loopback. */
  outputs: Outputs;
}

/** Somewhere to send to, and how to tell that it is there. */
export interface Target {
  endpoint: Endpoint;
  /** How samples are written; OTLP bodies are sent as they are. */
  protocol: 'remote_write' | 'pushgateway' | 'otlp';
  /** Found by itself: it may not be there yet. */
  found: boolean;
  /** Address that answers with 2xx once it is ready; without it any answer will do. */
  readyUrl?: string;
}

const OTLP_SIGNAL: Readonly<Record<Exclude<SpoolKind, 'samples'>, OtlpSignal>> = {
  'otlp-traces': 'traces',
  'otlp-logs': 'logs',
  'otlp-metrics': 'metrics',
};

/** Where a kind of records goes; undefined when nothing is known that takes it. */
export function targetOf(kind: SpoolKind, settings: TelemetrySettings, installed: Installed): Target | undefined {
  return kind === 'samples' ? sampleTarget(settings, installed) : otlpTarget(OTLP_SIGNAL[kind], settings, installed);
}

/** Where samples go: what was asked for, else what this installation has made. */
export function sampleTarget(settings: TelemetrySettings, installed: Installed): Target | undefined {
  const { remoteWrite, pushgateway, otlp } = settings;
  if (remoteWrite !== undefined) return { endpoint: remoteWrite, protocol: 'remote_write', found: false };
  if (pushgateway !== undefined) return { endpoint: pushgateway, protocol: 'pushgateway', found: false };
  if (otlp.metrics !== undefined) return { endpoint: otlp.metrics, protocol: 'otlp', found: false };
  const mimir = addressOf(installed, 'mimir');
  if (mimir !== undefined) return found(settings, `${mimir}/api/v1/push`, 'remote_write', `${mimir}/ready`);
  const prometheus = addressOf(installed, 'prometheus');
  if (prometheus === undefined) return undefined;
  return found(settings, `${prometheus}/api/v1/write`, 'remote_write', `${prometheus}/-/ready`);
}

/** Where OTLP requests go, likewise. */
export function otlpTarget(signal: OtlpSignal, settings: TelemetrySettings, installed: Installed): Target | undefined {
  const endpoint = settings.otlp[signal];
  if (endpoint !== undefined) return { endpoint, protocol: 'otlp', found: false };
  const collector = addressOf(installed, 'otlp-http');
  if (collector !== undefined) return found(settings, `${collector}/v1/${signal}`, 'otlp');
  const prometheus = addressOf(installed, 'prometheus');
  if (signal !== 'metrics' || prometheus === undefined || installed.outputs.prometheus_otlp === false) return undefined;
  return found(settings, `${prometheus}/api/v1/otlp/v1/metrics`, 'otlp', `${prometheus}/-/ready`);
}

/** Base address of the Prometheus API: what was asked for, else what this installation has made. */
export function queryTarget(settings: TelemetrySettings, installed: Installed): Endpoint | undefined {
  if (settings.query !== undefined) return settings.query;
  const mimir = addressOf(installed, 'mimir');
  const url = mimir === undefined ? addressOf(installed, 'prometheus') : `${mimir}/prometheus`;
  return url === undefined ? undefined : { url, headers: settings.tenantHeaders };
}

function found(
  { tenantHeaders }: TelemetrySettings,
  url: string,
  protocol: Target['protocol'],
  readyUrl?: string,
): Target {
  const target: Target = { endpoint: { url, headers: tenantHeaders }, protocol, found: true };
  return readyUrl === undefined ? target : { ...target, readyUrl };
}

function addressOf({ ports, outputs }: Installed, port: string): string | undefined {
  const direct = outputs[`url_${port}`];
  if (typeof direct === 'string') return direct;
  return ports[port] === undefined ? undefined : `http://127.0.0.1:${ports[port]}`;
}
