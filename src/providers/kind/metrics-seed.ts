import type { Outputs } from '../../engine/record.ts';
import type { Observation, StepContext } from '../../engine/step.ts';
import {
  awaitReading,
  type Reading,
  readSeedLog,
  readSeedMetric,
  readSeedTrace,
} from '../../steps/verify/read-back.ts';
import { createSeed, type Seed, sendSeedByOtlp, sendSeedSample } from '../../steps/verify/seed.ts';
import type { ClusterConfig, Component, StepBody } from '../provider.ts';
import { baseUrl } from './endpoints.ts';

const TIMEOUT_MS = 180_000;
const READ_BACK_MS = 60_000;
/** A seed that is older may have been forgotten by a backend's own rules. */
const KEPT_MS = 7 * 24 * 3_600_000;

/** One signal on its way: how it is sent, and how it is found again. */
interface Passage {
  /** Such as `a log by OTLP`. */
  title: string;
  send(): Promise<void>;
  /** Absent where nothing stores it. */
  read?: () => Promise<Reading>;
}

/** Step `metrics_seed`: one signal of each kind goes in by every way that is installed, and is found again. */
export function createMetricsSeed(config: ClusterConfig): StepBody {
  return {
    policy: { timeoutMs: TIMEOUT_MS, attempts: 3, delayMs: 2_000, maxDelayMs: 10_000 },
    inputs: () => ({ components: config.components.join(',') }),
    observe: (ctx) => observe(ctx, config),
    apply: (ctx) => apply(ctx, config),
  };
}

async function observe(ctx: StepContext, config: ClusterConfig): Promise<Observation> {
  const { seed_at_ms: atMs, trace_id: traceId } = ctx.recorded?.outputs ?? {};
  if (typeof atMs !== 'number' || typeof traceId !== 'string')
    return { state: 'absent', reason: 'nothing was sent yet' };
  if (ctx.clock.now() - atMs > KEPT_MS) return { state: 'absent', reason: 'what was sent may be too old to be found' };
  const passages = listPassages(ctx, config, { cluster: config.cluster, atMs, traceId, spanId: '' });
  const readings = await Promise.all(passages.map(async ({ title, read }) => ({ title, reading: await read?.() })));
  const lost = readings.filter(({ reading }) => reading?.found === false);
  if (lost.length === 0) return { state: 'present', reason: 'what was sent is found' };
  const details = lost.map(({ title, reading }) => `${title}: ${reading?.answer}`);
  return { state: 'unhealthy', reason: `not found again: ${details.join('; ')}`, details };
}

async function apply(ctx: StepContext, config: ClusterConfig): Promise<Outputs> {
  const seed = createSeed(config.cluster, ctx.clock.now(), ctx.random);
  const passages = listPassages(ctx, config, seed);
  const total = passages.length;
  let done = 0;
  await Promise.all(
    passages.map(async ({ title, send, read }) => {
      await send();
      if (read !== undefined) {
        const { clock, signal } = ctx;
        await awaitReading(title, read, { clock, signal, timeoutMs: READ_BACK_MS });
      }
      ctx.progress(`${title}: ${read === undefined ? 'taken' : 'found again'}`, { done: ++done, total, item: title });
    }),
  );
  return { seed_at_ms: seed.atMs, trace_id: seed.traceId, signals: total };
}

function listPassages(ctx: StepContext, config: ClusterConfig, seed: Seed): readonly Passage[] {
  const { signal } = ctx;
  const has = (component: Component) => config.components.includes(component);
  const url = (port: string) => baseUrl(ctx, config, port);
  const passages: Passage[] = [];
  const promql = () => `${url('mimir')}/prometheus`;
  if (has('mimir')) {
    passages.push({
      title: 'a sample by remote write',
      send: () => sendSeedSample(`${url('mimir')}/api/v1/push`, seed, { signal }),
      read: () => readSeedMetric(promql(), seed, 'remote_write', { signal }),
    });
  }
  if (has('otel-collector')) {
    const otlp = url('otlp-http');
    passages.push(
      {
        title: 'a metric by OTLP',
        send: () => sendSeedByOtlp(otlp, 'metrics', seed, { signal }),
        ...(has('mimir') ? { read: () => readSeedMetric(promql(), seed, 'otlp', { signal }) } : {}),
      },
      {
        title: 'a log by OTLP',
        send: () => sendSeedByOtlp(otlp, 'logs', seed, { signal }),
        ...(has('loki') ? { read: () => readSeedLog(url('loki'), seed, { signal }) } : {}),
      },
      {
        title: 'a trace by OTLP',
        send: () => sendSeedByOtlp(otlp, 'traces', seed, { signal }),
        ...(has('tempo') ? { read: () => readSeedTrace(url('tempo'), seed, { signal }) } : {}),
      },
    );
  }
  return passages;
}
