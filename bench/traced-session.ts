import { createRequire } from 'node:module';
import { join } from 'node:path';
import type { Listener } from '../src/engine/ports.ts';
import type { EnginePorts } from '../src/engine/run-ports.ts';
import { systemClock } from '../src/system/clock.ts';
import { OTLP_SIGNALS, resolveSettings } from '../src/telemetry/settings.ts';
import { openTelemetry } from '../src/telemetry/telemetry.ts';

/** What a session adds to the engine where telemetry is asked for. */
interface TracedSession {
  listener: Listener;
  childEnv: NonNullable<EnginePorts['childEnv']>;
  /** Puts what is held back into the spool. */
  end(): Promise<void>;
  /** Delivers what there is time for. */
  close(): Promise<void>;
}

/**
 * Status lane, OpenTelemetry, spool and delivery, put together as for the programs.
 *
 * @param folder of the spool
 * @param endpoint base address of OTLP over HTTP
 * @param otel path of the built `create-otel.cjs`
 */
export function openTracedSession(
  folder: string,
  endpoint: string,
  otel: string,
  { runId, env }: { runId: string; env: Readonly<Record<string, string | undefined>> },
): TracedSession {
  const version = 'bench';
  const labels = { cluster: 'bench', plan: 'bench' };
  const telemetry = openTelemetry({
    folder,
    labels,
    version,
    settings: resolveSettings({}, { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }, () => undefined),
    installed: () => ({ ports: {}, outputs: {} }),
    clock: systemClock,
    volumes: { home: join(folder, '..') },
    mask: (text) => text,
    notify: () => undefined,
  });
  const load = createRequire(import.meta.url);
  const { createOtel } = load(otel) as typeof import('../src/telemetry/otel/create-otel.ts');
  const { listener, childEnv, shutdown } = createOtel({
    env,
    clock: systemClock,
    signals: OTLP_SIGNALS,
    resource: { version, cluster: labels.cluster },
    plan: labels.plan,
    runId,
    writer: telemetry.spool,
    tail: () => [],
  });
  const end = () => shutdown(2_000);
  telemetry.addLane({ hear: listener, flush: end });
  return {
    listener: telemetry.listener,
    childEnv,
    end,
    close: async () => void (await telemetry.close()),
  };
}
