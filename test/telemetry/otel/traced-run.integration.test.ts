import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { METRICS } from '../../../src/telemetry/names.ts';
import { askLoki } from '../../support/ask-loki.ts';
import { type Ended, type Ground, makeGround, startCli } from '../../support/cli.ts';
import { createHostSubject } from '../../support/crash/host-subject.ts';
import { findFreePort } from '../../support/free-port.ts';
import {
  histogramOf,
  type LogsRequest,
  logLinesOf,
  type MetricsRequest,
  pathsOf,
  spansOf,
  type TracesRequest,
} from '../../support/otlp.ts';
import { missingPrograms } from '../../support/programs.ts';
import { LOKI, startLoki } from '../../support/servers/backends.ts';
import { COLLECTOR, type Collector, startCollector } from '../../support/servers/collector.ts';
import { missingPrograms as missingServers, type RunningServer } from '../../support/servers/start-server.ts';

const PATIENCE = { timeout: 60_000 };
const SECRET = 'correct-horse-battery';
const OUTSIDE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';

/** A plan with children, a retry, parallel steps, and a step that fails until a file is there. */
function writePlan({ folder }: Ground, last = 'true'): string {
  const path = join(folder, 'plan.yaml');
  const steps = [
    { id: 'left', needs: [], run: 'echo "child of $TRACEPARENT"; sh -c true' },
    { id: 'right', needs: [], run: 'test -e tried || { touch tried; exit 9; }', attempts: 3, delay: '10ms' },
    { id: 'looked', needs: ['left', 'right'], check: 'test -e made', run: 'touch made' },
    { id: 'last', needs: ['looked'], run: `echo says ${SECRET}; ${last}`, attempts: 1 },
  ];
  writeFileSync(path, JSON.stringify({ name: 'traced', steps }));
  return path;
}

const missing = await missingServers(COLLECTOR, LOKI);

describe.skipIf(missing !== undefined)(
  `with a collector and a Loki${missing === undefined ? '' : ` (${missing})`}`,
  () => {
    let loki: RunningServer;
    let collector: Collector;
    beforeAll(async () => {
      loki = await startLoki();
      collector = await startCollector({ loki: loki.url });
    });
    afterAll(async () => {
      await collector?.stop();
      await loki?.stop();
    });

    /** What the exit has cut off is sent again: each once, by its id and all that is told of it. */
    const spans = () => [
      ...new Map(
        spansOf(collector.read<TracesRequest>('traces')).map((span) => [JSON.stringify(span), span] as const),
      ).values(),
    ];
    /** What the exit had no time for. */
    const deliver = async (ground: Ground, plan: string) => {
      const { exitCode, stderr } = await ground.install(['telemetry', 'flush', plan], { env: env() });
      expect(exitCode, stderr).toBe(0);
    };
    const env = (more: Record<string, string> = {}) => ({ OTEL_EXPORTER_OTLP_ENDPOINT: collector.url, ...more });

    test('a failing run and its resume arrive whole: parents, link, log lines with trace ids, durations with exemplars', async () => {
      const ground = makeGround();
      const plan = writePlan(ground, 'exit 4');
      const secret = { API_PASSWORD: SECRET };
      const args = ['run', plan, '--secret', 'API_PASSWORD'];
      const failed = await ground.install(args, { env: env({ ...secret, TRACEPARENT: OUTSIDE }) });
      expect(failed.exitCode).toBe(1);
      const traceId = OUTSIDE.slice(3, 35);
      expect(failed.stderr).toContain(`trace ${traceId}`);
      await deliver(ground, 'traced');
      const paths = [
        'RUN traced',
        'RUN traced > STEP last',
        'RUN traced > STEP last > ATTEMPT 1',
        'RUN traced > STEP last > ATTEMPT 1 > sh',
        'RUN traced > STEP left',
        'RUN traced > STEP left > ATTEMPT 1',
        'RUN traced > STEP left > ATTEMPT 1 > sh',
        'RUN traced > STEP looked',
        'RUN traced > STEP looked > ATTEMPT 1',
        'RUN traced > STEP looked > ATTEMPT 1 > sh',
        'RUN traced > STEP looked > sh',
        'RUN traced > STEP right',
        'RUN traced > STEP right > ATTEMPT 1',
        'RUN traced > STEP right > ATTEMPT 1 > sh',
        'RUN traced > STEP right > ATTEMPT 2',
        'RUN traced > STEP right > ATTEMPT 2 > sh',
      ];
      await expect.poll(() => pathsOf(spans()), PATIENCE).toEqual(paths);
      const first = spans();
      expect(new Set(first.map((span) => span.traceId))).toEqual(new Set([traceId]));
      const root = first.find(({ name }) => name === 'RUN traced');
      expect(root).toMatchObject({ parentSpanId: 'b7ad6b7169203331', status: { code: 2 } });

      // A child gets the span of its attempt.
      const state = JSON.parse(readFileSync(join(ground.home, 'state/o11y-dev/traced/install-state.json'), 'utf8'));
      expect(state.traceparent).toBe(`00-${traceId}-${root?.spanId}-01`);
      const log = join(ground.home, 'state/o11y-dev/traced/logs', state.run_id, 'left.1.log');
      const step = first.find(({ name }) => name === 'STEP left');
      const attempt = first.find(({ name, parentSpanId }) => name === 'ATTEMPT 1' && parentSpanId === step?.spanId);
      expect(readFileSync(log, 'utf8')).toContain(`child of 00-${traceId}-${attempt?.spanId}-01`);

      const errorTold = () =>
        logLinesOf(collector.read<LogsRequest>('logs')).find(({ severityText }) => severityText === 'ERROR');
      await expect.poll(errorTold, PATIENCE).toMatchObject({ traceId, eventName: 'exception' });
      const error = errorTold();
      expect(error?.text).toMatch(/^last: sh exited with 4\nsays \*+/);
      expect(error?.text).not.toContain(SECRET);
      const durations = () => histogramOf(collector.read<MetricsRequest>('metrics'), METRICS.stepDuration.name);
      await expect
        .poll(() => durations().find(({ attributes }) => attributes.step === 'left'), PATIENCE)
        .toMatchObject({ exemplars: [{ traceId }] });

      const query = `{service_name="contextcore-install"} | cicd_pipeline_name="traced" | trace_id="${traceId}"`;
      await expect.poll(() => askLoki(loki.url, query), PATIENCE).toContain(error?.text);

      writePlan(ground);
      const resumed = await ground.install([...args, '--resume', '--accept-changes'], { env: env(secret) });
      expect(resumed.exitCode, resumed.stderr).toBe(0);
      await deliver(ground, 'traced');
      const own = /trace ([0-9a-f]{32})/.exec(resumed.stderr)?.[1];
      expect(own).not.toBe(traceId);
      const second = () => spans().filter((span) => span.traceId === own);
      await expect.poll(() => second().some(({ name }) => name === 'RUN traced'), PATIENCE).toBe(true);
      expect(second().find(({ name }) => name === 'RUN traced')?.links).toMatchObject([
        { traceId, spanId: root?.spanId },
      ]);
      const ids = spans().map(({ spanId }) => spanId);
      expect(new Set(ids).size).toBe(ids.length);
      for (const signal of ['traces', 'logs', 'metrics'] as const) {
        expect(JSON.stringify(collector.read(signal))).not.toContain(SECRET);
      }
    });

    test('the host provider: every step and child stands in its run', async ({ skip }) => {
      const lacking = missingPrograms('prometheus', 'prometheus-alertmanager');
      if (lacking !== undefined) return skip(lacking);
      const subject = await createHostSubject();
      onTestFinished(() => subject.destroy());
      const { home, cwd } = subject;
      const { exitCode, stderr } = await startCli('create-cluster', subject.install, { home, cwd, env: env() }).ended;
      expect(exitCode, stderr).toBe(0);
      const flush = await startCli('contextcore-install', ['telemetry', 'flush'], { home, cwd, env: env() }).ended;
      expect(flush.exitCode, flush.stderr).toBe(0);
      const traceId = /trace ([0-9a-f]{32})/.exec(stderr)?.[1];
      const own = () => spans().filter((span) => span.traceId === traceId);
      await expect.poll(() => own().some(({ name }) => name.startsWith('RUN')), PATIENCE).toBe(true);
      const paths = pathsOf(own());
      expect(
        paths.filter((path) => /^RUN create-cluster > STEP \w+$/.test(path)).map((path) => path.split(' ').at(-1)),
      ).toEqual([...subject.steps].sort());
      expect(paths.filter((path) => !path.startsWith('RUN create-cluster'))).toEqual([]);
    });
  },
);

describe('a receiver that is no help changes neither the exit code nor much of the time, and a later one gets all', () => {
  test.for(['closed', 'hanging', '503', '500'] as const)('%s', async (how) => {
    const ground = makeGround();
    const plan = writePlan(ground, 'exit 4');
    const late: TracesRequest[] = [];
    const good = await openReceiver('200', (request) => late.push(request));
    const bad = await openReceiver(how);
    const run = (url: string) => ground.install(['run', plan], { env: { OTEL_EXPORTER_OTLP_ENDPOINT: url } });
    const normal: Ended[] = [];
    const troubled: Ended[] = [];
    // In turns: the machine has other work, too.
    for (let count = 0; count < 3; count += 1) {
      troubled.push(await run(bad));
      normal.push(await run(good));
    }
    for (const { exitCode, stderr } of troubled) {
      expect(exitCode, stderr).toBe(1);
      expect(stderr).toContain('telemetry waits');
    }
    const fastest = (runs: readonly Ended[]) => Math.min(...runs.map(({ ms }) => ms));
    // However slow the machine: the SDK's own way to end, with its timeouts, takes 7 to 10 s more.
    expect(fastest(troubled) - fastest(normal)).toBeLessThan(5000);
    // Nothing is lost: receivers that come later get the spans of all of them.
    const flush = await ground.install(['telemetry', 'flush', 'traced'], {
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: good },
    });
    expect(flush.exitCode, flush.stderr).toBe(0);
    // At least once, with identical ids: a request that was cut off is sent again.
    const spans = [...new Map(spansOf(late).map((span) => [span.spanId, span])).values()];
    expect(spans.filter(({ name }) => name === 'RUN traced')).toHaveLength(6);
    expect(pathsOf(spans).filter((path) => !path.startsWith('RUN traced'))).toEqual([]);
  });
});

type Receiver = 'closed' | 'hanging' | '503' | '500' | '200';

/** @returns address of a receiver that takes everything (200) or nothing */
async function openReceiver(how: Receiver, taken?: (request: TracesRequest) => void): Promise<string> {
  if (how === 'closed') return `http://127.0.0.1:${await findFreePort()}`;
  const answer: RequestListener = async (request, response) => {
    const body = await text(request);
    if (request.url === '/v1/traces' && body !== '') taken?.(JSON.parse(body));
    response.writeHead(Number(how)).end(how === '200' ? '{}' : 'no');
  };
  const server = how === 'hanging' ? createTcpServer(() => undefined) : createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('--otlp-file writes traces, logs, durations and the status of every step as lines of OTLP JSON', async () => {
  const ground = makeGround();
  const folder = join(ground.folder, 'otlp');
  mkdirSync(folder);
  const { exitCode, stderr } = await ground.install(['run', writePlan(ground), '--otlp-file', folder]);
  expect(exitCode, stderr).toBe(0);
  const read = <T>(name: string): T[] =>
    readFileSync(join(folder, name), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
  expect(pathsOf(spansOf(read<TracesRequest>('traces.jsonl')))).toContain('RUN traced > STEP right > ATTEMPT 2 > sh');
  expect(logLinesOf(read<LogsRequest>('logs.jsonl')).map(({ text }) => text)).toContain('run started: run, 4 steps');
  const metrics = read<MetricsRequest>('metrics.jsonl');
  expect(histogramOf(metrics, METRICS.stepDuration.name)).not.toEqual([]);
  expect(JSON.stringify(metrics)).toContain(METRICS.stepStatus.name);

  // Sent as well, they are written once all the same.
  const nobody = { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${await findFreePort()}` };
  await ground.install(['run', join(ground.folder, 'plan.yaml'), '--otlp-file', folder], { env: nobody });
  const ids = spansOf(read<TracesRequest>('traces.jsonl')).map(({ spanId }) => spanId);
  expect(new Set(ids).size).toBe(ids.length);

  const document = () => readFileSync(join(ground.home, 'state/o11y-dev/traced/install-state.json'), 'utf8');
  expect(document()).toContain('traceparent');
  expect((await ground.install(['run', join(ground.folder, 'plan.yaml')])).stderr).not.toContain('trace ');
  expect(document(), 'a later run would link to a trace that is not of the run before').not.toContain('traceparent');
});

test('a folder for --otlp-file that cannot be made is told before anything is started', async () => {
  const ground = makeGround();
  const file = join(ground.folder, 'file');
  writeFileSync(file, '');
  const { exitCode, stderr } = await ground.install(['run', writePlan(ground), '--otlp-file', join(file, 'in-it')]);
  expect(exitCode).toBe(2);
  expect(stderr).toContain('--otlp-file');
});
