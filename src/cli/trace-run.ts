import type { RunFields } from '../engine/record.ts';
import type { EnginePorts } from '../engine/run-ports.ts';
import { systemClock } from '../system/clock.ts';
import { otlpTarget } from '../telemetry/delivery/find-backends.ts';
import { isSdkDisabled } from '../telemetry/otel/sdk-options.ts';
import type { OtlpWriter } from '../telemetry/otel/spool-exporters.ts';
import { OTLP_SIGNALS, type OtlpSignal } from '../telemetry/settings.ts';
import type { SpoolRecord } from '../telemetry/spool/spool.ts';
import type { Endpoint } from '../ui/status.ts';
import type { Options } from './options.ts';
import { installedBackends, telemetrySettings } from './run-telemetry.ts';
import type { Session } from './session.ts';
import type { Terminal } from './terminal.ts';
import { readVersion } from './version.ts';

/** What tracing adds to a run. */
export interface RunTracing {
  ports: EnginePorts;
  /** For the document. */
  fields: Pick<RunFields, 'traceparent'>;
  /** Tells where the trace is found. */
  tell(endpoints: readonly Endpoint[]): void;
  /** Puts everything into the spool or the files: that hangs on no receiver, and must not be cut short. */
  end(): Promise<void>;
}

/** Takes milliseconds, but on a machine that is overwhelmed. */
const SHUTDOWN_MS = 2000;

/**
 * Opens OpenTelemetry for a run, when somebody takes what it says: an endpoint (OTEL_EXPORTER_OTLP_*), a collector that
 * is part of the installation, or files (`--otlp-file`). Without any, nothing of it is loaded.
 *
 * @throws InstallerError `config` when nothing can be written into the folder of `--otlp-file`
 */
export async function traceRun(session: Session, terminal: Terminal, options: Options): Promise<RunTracing> {
  const { ports, paths, telemetry, runId } = session;
  const { env } = terminal;
  const { secrets, logs } = ports;
  const settings = telemetrySettings(options, env, secrets);
  const installed = installedBackends(paths, () => session.state.document);
  const sent = OTLP_SIGNALS.filter((signal) => otlpTarget(signal, settings, installed) !== undefined);
  const untraced: RunTracing = { ports, fields: {}, tell: () => undefined, end: async () => undefined };
  if (isSdkDisabled(env) || (sent.length === 0 && options.otlpFile === undefined)) return untraced;
  warnOfGrpc(session, env);
  const [{ createOtel }, writer] = await Promise.all([
    import('../telemetry/otel/create-otel.ts'),
    openWriter(session, sent, options.otlpFile),
  ]);
  const otel = createOtel({
    env,
    clock: systemClock,
    signals: options.otlpFile === undefined ? sent : OTLP_SIGNALS,
    resource: { version: readVersion(), cluster: paths.cluster },
    plan: paths.plan,
    runId,
    writer,
    tail: (path) => logs.tail(path).map(secrets.mask),
    diagnose: (line) => terminal.stderr.write(`${secrets.mask(line)}\n`),
  });
  const end = () => otel.shutdown(SHUTDOWN_MS);
  telemetry.addLane({ hear: otel.listener, flush: end });
  const { traceId, traceparent } = otel;
  if (traceId === undefined || traceparent === undefined) return { ...untraced, end };
  return {
    ports: { ...ports, childEnv: otel.childEnv },
    fields: { traceparent },
    end,
    tell: (endpoints) => {
      // A page of a Grafana that never came up leads nowhere, or to somebody else's.
      const isUp = session.state.step('pods_ready')?.status === 'completed';
      const message = describeTrace(traceId, isUp ? endpoints : []);
      session.reporter.listener({ type: 'notice', at: systemClock.now(), level: 'info', message });
    },
  };
}

/** Into the spool what can be sent, and into files everything. */
async function openWriter(
  { telemetry }: Session,
  sent: readonly OtlpSignal[],
  folder: string | undefined,
): Promise<OtlpWriter> {
  const kinds = sent.map((signal) => `otlp-${signal}`);
  const isSent = ({ kind }: SpoolRecord) => kinds.includes(kind);
  if (folder === undefined) return { append: (record) => !isSent(record) || telemetry.spool.append(record) };
  const { createOtlpFiles } = await import('../telemetry/otel/otlp-files.ts');
  const files = createOtlpFiles(folder);
  // What goes into the spool comes to the files from there.
  telemetry.copyTo(files);
  return { append: (record) => (isSent(record) ? telemetry.spool : files).append(record) };
}

/** The SDK knows gRPC, but what waits in the spool is sent over HTTP. */
function warnOfGrpc({ reporter }: Session, env: Terminal['env']): void {
  const name = ['', 'TRACES_', 'LOGS_', 'METRICS_']
    .map((signal) => `OTEL_EXPORTER_OTLP_${signal}PROTOCOL`)
    .find((variable) => env[variable]?.trim() === 'grpc');
  if (name === undefined) return;
  const message = `${name}=grpc is not supported: telemetry is sent over HTTP, which collectors take on port 4318`;
  reporter.listener({ type: 'notice', at: systemClock.now(), level: 'warning', message });
}

/** The trace, and its page in the Grafana that was installed with the data source `tempo`. */
function describeTrace(traceId: string, endpoints: readonly Endpoint[]): string {
  const grafana = endpoints.find(({ name }) => name === 'grafana')?.url;
  if (grafana === undefined) return `trace ${traceId}`;
  const datasource = { type: 'tempo', uid: 'tempo' };
  const queries = [{ refId: 'A', datasource, queryType: 'traceql', query: traceId }];
  const panes = JSON.stringify({ t: { datasource: datasource.uid, queries } });
  return `trace ${traceId}: ${grafana}/explore?schemaVersion=1&panes=${encodeURIComponent(panes)}`;
}
