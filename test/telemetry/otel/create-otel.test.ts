import { afterEach, describe, expect, test } from 'vitest';
import { createSecrets } from '../../../src/engine/secrets.ts';
import type { Step } from '../../../src/engine/step.ts';
import { InstallerError } from '../../../src/errors/installer-error.ts';
import { METRICS } from '../../../src/telemetry/names.ts';
import { createOtel, type Otel, type OtelOptions } from '../../../src/telemetry/otel/create-otel.ts';
import { OTLP_SIGNALS } from '../../../src/telemetry/settings.ts';
import type { SpoolKind, SpoolRecord } from '../../../src/telemetry/spool/spool.ts';
import { createMemoryEngine, type MemoryEngineOptions, makeStep } from '../../support/memory-engine.ts';
import {
  ERROR,
  histogramOf,
  KINDS,
  type LogsRequest,
  logLinesOf,
  type MetricsRequest,
  pathsOf,
  spansOf,
  type TracesRequest,
} from '../../support/otlp.ts';

const REFUSED = new InstallerError('step_failed', 'nobody answers', { class: 'network_reset' });
/** How long it may take is not meant here. */
const PATIENCE_MS = 15_000;
const OUTSIDE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

let open: Otel | undefined;
afterEach(async () => {
  await open?.shutdown(PATIENCE_MS);
});

interface Played {
  otel: Otel;
  records: SpoolRecord[];
  childEnv: Record<string, string>[];
  spans: ReturnType<typeof spansOf>;
  lines: ReturnType<typeof logLinesOf>;
}

async function play(
  steps: readonly Step[],
  options: Partial<OtelOptions> = {},
  engineOptions: MemoryEngineOptions = {},
): Promise<Played> {
  const records: SpoolRecord[] = [];
  const engine = createMemoryEngine(engineOptions);
  const otel = createOtel({
    env: {},
    signals: OTLP_SIGNALS,
    clock: { now: () => Date.now() },
    resource: { version: '1.2.3', cluster: 'test' },
    plan: 'test',
    runId: 'r1',
    writer: { append: (record) => records.push(record) > 0 },
    tail: () => ['last words'],
    ...options,
  });
  open = otel;
  engine.ports.listeners = [...engine.ports.listeners, otel.listener];
  engine.ports.childEnv = otel.childEnv;
  await engine.play(steps);
  await otel.shutdown(PATIENCE_MS);
  return {
    otel,
    records,
    childEnv: engine.spawned.map(({ env }) => ({ ...env })),
    spans: spansOf(bodies<TracesRequest>(records, 'otlp-traces')),
    lines: logLinesOf(bodies<LogsRequest>(records, 'otlp-logs')),
  };
}

function bodies<T>(records: readonly SpoolRecord[], kind: SpoolKind): T[] {
  return records.filter((record) => record.kind === kind).map(({ body }) => JSON.parse(Buffer.from(body).toString()));
}

const running = (id: string, more: Partial<Step> = {}) =>
  makeStep(id, {
    async apply(ctx) {
      await ctx.exec({ file: '/usr/bin/tool', args: ['--token', 'on-the-command-line'] });
      return undefined;
    },
    ...more,
  });

describe('spans of a run', () => {
  test('the run holds its steps, a step its attempts, an attempt its children; looking belongs to the step', async () => {
    const looked = running('two', {
      async observe(ctx) {
        await ctx.query({ file: 'look' });
        return { state: 'absent', reason: 'not there' };
      },
    });
    const { spans } = await play([running('one'), looked]);
    expect(pathsOf(spans)).toEqual([
      'RUN test',
      'RUN test > STEP one',
      'RUN test > STEP one > ATTEMPT 1',
      'RUN test > STEP one > ATTEMPT 1 > tool',
      'RUN test > STEP two',
      'RUN test > STEP two > ATTEMPT 1',
      'RUN test > STEP two > ATTEMPT 1 > tool',
      'RUN test > STEP two > look',
    ]);
    const kinds = Object.fromEntries(spans.map(({ name, kind }) => [name, kind]));
    expect(kinds).toMatchObject({ 'RUN test': KINDS.server, 'STEP one': KINDS.internal, tool: KINDS.client });
    expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(spans.length);
    expect(spans.filter(({ status }) => (status.code ?? 0) !== 0)).toEqual([]);
    const child = spans.find(({ name }) => name === 'tool');
    expect(child?.attributes).toMatchObject({ 'process.executable.name': 'tool', 'process.exit.code': 0 });
    const step = spans.find(({ name }) => name === 'STEP two');
    expect(step?.events.map(({ name, attributes }) => [name, attributes.state])).toEqual([
      ['contextcore.step.observed', 'absent'],
    ]);
    expect(step?.attributes).toMatchObject({
      'cicd.pipeline.task.name': 'two',
      'cicd.pipeline.task.run.result': 'success',
    });
  });

  test('times are those of the events', async () => {
    let at = 0;
    const slow = makeStep('slow', {
      async apply(ctx) {
        at = ctx.clock.now();
        await ctx.clock.sleep(12_345);
        return undefined;
      },
    });
    const { spans, records } = await play([slow]);
    const attempt = spans.find(({ name }) => name === 'ATTEMPT 1');
    expect(attempt?.startTimeUnixNano).toBe(`${at}000000`);
    expect(BigInt(attempt?.endTimeUnixNano ?? 0) - BigInt(attempt?.startTimeUnixNano ?? 0)).toBe(12_345_000_000n);
    const points = histogramOf(bodies<MetricsRequest>(records, 'otlp-metrics'), METRICS.stepDuration.name);
    expect(points).toMatchObject([
      { sum: 12.345, attributes: { cluster: 'test', plan: 'test', step: 'slow' }, exemplars: [{ asDouble: 12.345 }] },
    ]);
    const { traceId, spanId } = points[0]?.exemplars?.[0] ?? {};
    expect(spans.find((span) => span.spanId === spanId && span.traceId === traceId)?.name).toMatch(/STEP|ATTEMPT/);
  });

  test('an attempt that is made again is an event of its step, not an error', async () => {
    let tries = 0;
    const flaky = makeStep('flaky', {
      policy: { attempts: 3, delayMs: 1000 },
      apply: async () => {
        tries += 1;
        if (tries < 3) throw REFUSED;
        return undefined;
      },
    });
    const { spans, lines } = await play([flaky]);
    const step = spans.find(({ name }) => name === 'STEP flaky');
    expect(step?.events.map(({ name, attributes }) => [name, attributes['error.type']])).toEqual([
      ['contextcore.retry', 'network_reset'],
      ['contextcore.retry', 'network_reset'],
    ]);
    expect(spans.filter(({ name }) => name.startsWith('ATTEMPT')).map(({ status }) => status.code ?? 0)).toEqual([
      0, 0, 0,
    ]);
    expect(lines.filter(({ severityText }) => severityText === 'WARN')).toHaveLength(2);
    expect(lines.filter(({ severityText }) => severityText === 'ERROR')).toEqual([]);
  });

  test('a failure is an error with a type of few values, and an exception among the log records, with the end of its log', async () => {
    const child = async () => ({ exitCode: 3, signal: null, stdout: '', stderr: '' });
    const { spans, lines } = await play([running('bad')], {}, { child });
    const of = (name: string) => spans.find((span) => span.name === name);
    expect(of('tool')).toMatchObject({
      status: { code: ERROR },
      attributes: { 'error.type': 'exit_3', 'process.exit.code': 3 },
    });
    for (const name of ['ATTEMPT 1', 'STEP bad', 'RUN test']) {
      expect(of(name)).toMatchObject({ status: { code: ERROR }, attributes: { 'error.type': 'step_failed' } });
    }
    expect(of('RUN test')?.attributes['cicd.pipeline.result']).toBe('failure');
    const errors = lines.filter(({ severityText }) => severityText === 'ERROR');
    expect(errors).toMatchObject([
      {
        eventName: 'exception',
        text: 'bad: /usr/bin/tool exited with 3\nlast words',
        spanId: of('ATTEMPT 1')?.spanId,
        traceId: of('RUN test')?.traceId,
      },
    ]);
  });
});

describe('what comes from outside, and goes on', () => {
  test('TRACEPARENT becomes the parent, and children get the span of their attempt', async () => {
    const env = { TRACEPARENT: OUTSIDE, TRACESTATE: 'vendor=1', BAGGAGE: 'team=blue' };
    const { spans, childEnv, otel } = await play([running('one')], { env });
    const [run] = spans.filter(({ name }) => name === 'RUN test');
    expect(run).toMatchObject({ traceId: OUTSIDE.slice(3, 35), parentSpanId: 'b7ad6b7169203331' });
    const attempt = spans.find(({ name }) => name === 'ATTEMPT 1');
    expect(childEnv).toMatchObject([
      { TRACEPARENT: `00-${run?.traceId}-${attempt?.spanId}-01`, TRACESTATE: 'vendor=1', BAGGAGE: 'team=blue' },
    ]);
    expect(otel.traceparent).toBe(`00-${run?.traceId}-${run?.spanId}-01`);
    expect(process.env.TRACEPARENT).toBeUndefined();
  });

  test('a run links to the run before it, and is a trace of its own', async () => {
    const before = { run_id: 'r0', traceparent: OUTSIDE };
    const { spans } = await play([makeStep('one')], {}, { run: before });
    const run = spans.find(({ name }) => name === 'RUN test');
    expect(run?.links).toMatchObject([
      { traceId: OUTSIDE.slice(3, 35), spanId: 'b7ad6b7169203331', attributes: { 'cicd.pipeline.run.id': 'r0' } },
    ]);
    expect(run?.traceId).not.toBe(OUTSIDE.slice(3, 35));
  });

  test('where nobody takes traces, a parent is handed on as it is', async () => {
    const { spans, childEnv, otel } = await play([running('one')], {
      env: { TRACEPARENT: OUTSIDE },
      signals: ['metrics'],
    });
    expect(spans).toEqual([]);
    expect(otel.traceId).toBeUndefined();
    expect(childEnv[0]?.TRACEPARENT).toBe(OUTSIDE);
  });

  test('OTEL_TRACES_EXPORTER=none and its like turn a signal off', async () => {
    const { records } = await play([makeStep('one')], {
      env: { OTEL_TRACES_EXPORTER: 'none', OTEL_METRICS_EXPORTER: 'none' },
    });
    expect([...new Set(records.map(({ kind }) => kind))]).toEqual(['otlp-logs']);
  });
});

test('no secret, command line or host is told', async () => {
  const secrets = createSecrets({ TOKEN: 'hunter2-hunter2' });
  const leaky = makeStep('leaky', {
    async apply(ctx) {
      ctx.progress('uses hunter2-hunter2', { item: 'hunter2-hunter2' });
      ctx.notice('has hunter2-hunter2');
      await ctx.exec({ file: 'tool', args: ['--token', 'hunter2-hunter2'] });
      throw new Error('refused hunter2-hunter2');
    },
    observe: async () => ({ state: 'absent', reason: 'no hunter2-hunter2' }),
  });
  const { records, spans, lines } = await play([leaky], { tail: () => [] }, { secrets });
  const all = records.map(({ body }) => Buffer.from(body).toString()).join('\n');
  expect(spans.length).toBeGreaterThan(3);
  expect(lines.some(({ text }) => text.includes('refused'))).toBe(true);
  expect(all).not.toContain('hunter2');
  expect(all).not.toMatch(/process\.command|host\.name|process\.owner/);
});

test('1,000 steps at once: every span once, in batches, and no batch without bound', async () => {
  const steps = Array.from({ length: 1000 }, (_, index) => makeStep(`s${index}`));
  const { spans, records } = await play(steps);
  expect(spans).toHaveLength(1 + 2 * 1000);
  expect(new Set(spans.map(({ spanId }) => spanId)).size).toBe(spans.length);
  const root = spans.find(({ name }) => name === 'RUN test');
  const inRun = spans.filter(({ name }) => name.startsWith('STEP'));
  expect(new Set(inRun.map(({ parentSpanId }) => parentSpanId))).toEqual(new Set([root?.spanId]));
  const sizes = records.map(({ body }) => body.length);
  expect(Math.max(...sizes)).toBeLessThan(400_000);
  const counted = records.filter(({ kind }) => kind === 'otlp-traces').reduce((sum, { count }) => sum + count, 0);
  expect(counted).toBe(spans.length);
});
