import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createCourier } from '../../../src/telemetry/delivery/courier.ts';
import { METRICS } from '../../../src/telemetry/names.ts';
import { resolveSettings } from '../../../src/telemetry/settings.ts';
import { createSpool } from '../../../src/telemetry/spool/spool.ts';
import { encodeSamples, type Sample } from '../../../src/telemetry/status/sample.ts';
import { type HttpSite, startSite } from '../../support/http-site.ts';
import { makeTempFolder } from '../../support/temp-folder.ts';

interface OtlpBody {
  resourceMetrics: { scopeMetrics: { metrics: Record<string, unknown>[] }[] }[];
}

let site: HttpSite;
let bodies: Buffer[];
beforeEach(async () => {
  bodies = [];
  site = await startSite();
});
afterEach(() => site.close());

/** Answers POST as told; GET, which asks whether it is there, with 405, as a receiver does. */
function receive(
  path: string,
  answer: (body: Buffer, response: ServerResponse, request: IncomingMessage) => void,
): void {
  site.pages[path] = async (request, response) => {
    if (request.method === 'GET') return void response.writeHead(405).end();
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    bodies.push(body);
    answer(body, response, request);
  };
}

async function courierTo(env: Record<string, string>, now = () => Date.now()) {
  const folder = await makeTempFolder();
  const spool = createSpool({ folder, clock: { now } });
  let future = 0;
  const courier = createCourier({
    settings: resolveSettings({}, env, (name) => env[name]),
    installed: () => ({ ports: {}, outputs: {} }),
    current: () => [],
    timeoutMs: 15_000,
    now,
    mask: (text) => text.replaceAll('hush', '***'),
    onFuture: () => {
      future += 1;
    },
  });
  const deliver = () => courier.deliver(spool, new AbortController().signal);
  return { spool, deliver, future: () => future };
}

function sample(value: number, timestamp = Date.now()): Sample {
  return { metric: METRICS.stepStatus, labels: { step: `s${value}` }, value, timestamp };
}

const labels = { cluster: 'c', plan: 'p' };

test('a collector gets data points with their own times, and says what it left out', async () => {
  receive('/v1/metrics', (_body, response) => {
    response.end(JSON.stringify({ partialSuccess: { rejectedDataPoints: '1', errorMessage: 'too old' } }));
  });
  const { spool, deliver } = await courierTo({ OTEL_EXPORTER_OTLP_ENDPOINT: site.url });
  const at = Date.now();
  const counter: Sample = { metric: METRICS.runs, labels: { result: 'success' }, value: 3, timestamp: at };
  for (const record of encodeSamples(labels, [sample(2, at), counter])) spool.append(record);
  expect(await deliver()).toMatchObject({ samples: { done: true, delivered: 1, rejected: 1 } });
  expect(spool.stats('samples').rejection).toBe('too old');

  const sent = JSON.parse(bodies[0]?.toString() ?? '') as OtlpBody;
  const [gauge, sum] = sent.resourceMetrics[0]?.scopeMetrics[0]?.metrics ?? [];
  expect(gauge).toMatchObject({
    name: 'contextcore_install_step_status',
    gauge: { dataPoints: [{ timeUnixNano: `${at}000000`, asDouble: 2 }] },
  });
  expect(sum).toMatchObject({
    name: 'contextcore_install_runs_total',
    sum: { isMonotonic: true, aggregationTemporality: 2, dataPoints: [{ asDouble: 3 }] },
  });
});

test('one bad sample inside a record costs that sample alone', async () => {
  receive('/v1/metrics', (body, response) => response.writeHead(body.includes('"s13"') ? 400 : 200).end('bad sample'));
  const { spool, deliver } = await courierTo({ OTEL_EXPORTER_OTLP_ENDPOINT: site.url });
  const samples = Array.from({ length: 50 }, (_, index) => sample(index));
  for (const record of encodeSamples(labels, samples)) spool.append(record);
  expect(await deliver()).toMatchObject({ samples: { done: true, delivered: 49, rejected: 1 } });
  expect(spool.stats('samples').rejection).toBe('400 bad sample');
});

test('bodies of OTLP requests go out as they are, each by itself', async () => {
  receive('/v1/traces', (_body, response, request) => {
    response.writeHead(request.headers['content-type'] === 'application/x-protobuf' ? 200 : 415).end();
  });
  const { spool, deliver } = await courierTo({ OTEL_EXPORTER_OTLP_ENDPOINT: site.url });
  const body = (byte: number) => Buffer.from([byte, 0, 255, 10]);
  for (const byte of [1, 2]) {
    spool.append({
      kind: 'otlp-traces',
      at: Date.now(),
      count: 5,
      contentType: 'application/x-protobuf',
      body: body(byte),
    });
  }
  expect(await deliver()).toMatchObject({ 'otlp-traces': { done: true, delivered: 10 } });
  expect(bodies).toEqual([body(1), body(2)]);
});

test('a wrong password or address keeps everything; what is answered is masked', async () => {
  receive('/push', (_body, response) => response.writeHead(401).end('hush is no user'));
  const { spool, deliver } = await courierTo({ CONTEXTCORE_REMOTE_WRITE_URL: `${site.url}/push` });
  for (const record of encodeSamples(labels, [sample(1)])) spool.append(record);
  expect(await deliver()).toMatchObject({ samples: { done: false, rejected: 0, reason: '401 *** is no user' } });
  expect(spool.stats('samples').records).toBe(1);
});

test('a redirect is not followed: credentials would go along', async () => {
  receive('/push', (_body, response) => response.writeHead(307, { location: `${site.url}/other` }).end());
  receive('/other', (_body, response) => response.end());
  const { spool, deliver } = await courierTo({ CONTEXTCORE_REMOTE_WRITE_URL: `${site.url}/push` });
  for (const record of encodeSamples(labels, [sample(1)])) spool.append(record);
  expect(await deliver()).toMatchObject({ samples: { done: false } });
  expect(site.requests).not.toContain('/other');
});

test('with a clock that is ahead nothing is sent', async () => {
  receive('/push', (_body, response) => response.end());
  const now = () => Date.now() + 120_000;
  const { spool, deliver } = await courierTo({ CONTEXTCORE_REMOTE_WRITE_URL: `${site.url}/push` }, now);
  for (const record of encodeSamples(labels, [sample(1, now())])) spool.append(record);
  const { samples } = await deliver();
  expect(samples?.reason).toMatch(/the clock of this machine is 1[12]\d s ahead of 127\.0\.0\.1/);
  expect(samples?.clockAheadMs).toBeGreaterThan(100_000);
  expect(bodies).toEqual([]);
  expect(spool.stats('samples')).toMatchObject({ records: 1, last: { ok: false } });
});

test('samples of a clock that was ahead are given up, the others are not', async () => {
  receive('/push', (_body, response) => response.end());
  const { spool, deliver, future } = await courierTo({ CONTEXTCORE_REMOTE_WRITE_URL: `${site.url}/push` });
  for (const record of encodeSamples(labels, [sample(1), sample(2, Date.now() + 3_600_000)])) spool.append(record);
  expect(await deliver()).toMatchObject({ samples: { done: true, delivered: 1, rejected: 1 } });
  expect(future()).toBe(1);
});
