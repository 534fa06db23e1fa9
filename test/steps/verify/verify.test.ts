import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { waitUntil } from '../../../src/resilience/wait-until.ts';
import { awaitEndpoints, probeEndpoints } from '../../../src/steps/verify/probe-endpoints.ts';
import { awaitReading, readSeedLog, readSeedMetric, readSeedTrace } from '../../../src/steps/verify/read-back.ts';
import { createSeed, type Seed, sendSeedByOtlp } from '../../../src/steps/verify/seed.ts';
import { systemClock } from '../../../src/system/clock.ts';
import { type HttpSite, startSite } from '../../support/http-site.ts';

/** Time that passes by sleeping alone. */
function playedClock() {
  let now = 0;
  const sleep = async (ms: number) => {
    now += ms;
  };
  return { ...systemClock, now: () => now, sleep };
}

const clock = systemClock;
const never = new AbortController().signal;
const seed: Seed = {
  cluster: 'c',
  atMs: 1_700_000_000_123,
  traceId: `1${'a'.repeat(31)}`,
  spanId: `1${'b'.repeat(15)}`,
};
let site: HttpSite;

beforeEach(async () => {
  site = await startSite();
});
afterEach(() => site.close());

describe('waiting', () => {
  test('looks until something is there', async () => {
    let looks = 0;
    const found = await waitUntil(async () => (++looks === 3 ? 'there' : undefined), {
      clock,
      signal: never,
      timeoutMs: 2_000,
      intervalMs: 1,
    });
    expect([found, looks]).toEqual(['there', 3]);
  });

  test('gives up at the deadline, after a last look', async () => {
    const played = playedClock();
    const looks: number[] = [];
    const look = async () => {
      looks.push(played.now());
      return undefined;
    };
    const options = { clock: played, signal: never, timeoutMs: 20, intervalMs: 15 };
    expect(await waitUntil(look, options)).toBeUndefined();
    expect(looks).toEqual([0, 15, 20]);
  });

  test('ends at once when aborted, with the reason', async () => {
    const controller = new AbortController();
    const waiting = waitUntil(async () => undefined, { clock, signal: controller.signal, timeoutMs: 60_000 });
    controller.abort(new Error('interrupted'));
    await expect(waiting).rejects.toThrow('interrupted');
  });
});

describe('endpoints', () => {
  test('each is judged by its own answer, and says what it answered', async () => {
    site.pages['/ready'] = 'ready';
    site.pages['/starting'] = (_request, response) => response.writeHead(503).end('Ingester not ready\nmore');
    const results = await probeEndpoints(
      [
        { name: 'fine', url: `${site.url}/ready` },
        { name: 'starting', url: `${site.url}/starting` },
        { name: 'any answer', url: `${site.url}/none`, isHealthy: ({ status }) => status !== undefined },
        { name: 'nobody', url: 'http://127.0.0.1:1/' },
      ],
      never,
    );
    expect(results.map(({ healthy, answer }) => [healthy, answer])).toEqual([
      [true, 'HTTP 200: ready'],
      [false, 'HTTP 503: Ingester not ready'],
      [true, 'HTTP 404: no such page'],
      [false, 'connection refused'],
    ]);
  });

  test('a connection that is closed without an answer is told as such', async () => {
    site.pages['/'] = (request) => request.socket.destroy();
    const [result] = await probeEndpoints([{ name: 'proxy', url: `${site.url}/` }], never);
    expect(result?.answer).toBe('the connection was closed without an answer');
  });

  test('one that comes up late is waited for, one that does not is given back unhealthy', async () => {
    let asked = 0;
    site.pages['/late'] = (_request, response) => response.writeHead(++asked < 3 ? 503 : 200).end();
    const progress: string[] = [];
    const ctx = { clock: playedClock(), signal: never, progress: (message: string) => progress.push(message) };
    const endpoints = ['late', 'gone'].map((name) => ({ name, url: `${site.url}/${name}` }));
    const results = await awaitEndpoints(ctx, endpoints, 1_500);
    expect(results.map(({ healthy }) => healthy)).toEqual([true, false]);
    expect(progress).toContain('late: HTTP 503');
    expect(progress).toContain('late answers');
  });
});

describe('seed', () => {
  test('has ids of the lengths that tracing asks for, never all zeros', () => {
    const { traceId, spanId } = createSeed('c', 1, () => 0);
    expect(traceId).toMatch(/^1[0-9a-f]{31}$/);
    expect(spanId).toMatch(/^1[0-9a-f]{15}$/);
  });

  test.each([
    ['metrics', 'contextcore_install_seed_timestamp_seconds'],
    ['logs', `seed ${seed.traceId} of cluster c`],
    ['traces', seed.spanId],
  ] as const)('goes to /v1/%s as OTLP in JSON, at its own time', async (signalName, mark) => {
    let body = '';
    site.pages[`/v1/${signalName}`] = async (request: IncomingMessage, response: ServerResponse) => {
      for await (const chunk of request) body += String(chunk);
      response.end('{}');
    };
    await sendSeedByOtlp(site.url, signalName, seed, { signal: never });
    expect(body).toContain(mark);
    expect(body).toContain('"1700000000123000000"');
    expect(() => JSON.parse(body)).not.toThrow();
  });

  test('a refusal is an error with the words of the receiver', async () => {
    site.pages['/v1/logs'] = (_request, response) => response.writeHead(400).end('bad log');
    await expect(sendSeedByOtlp(site.url, 'logs', seed, { signal: never })).rejects.toThrow(/HTTP 400: bad log/);
  });
});

describe('reading back', () => {
  test('the sample is asked for by its very value: an older one of the series does not pass', async () => {
    const query = `contextcore_install_seed_timestamp_seconds{cluster="c",path="otlp"} == 1700000000.123`;
    const path = `/api/v1/query?${new URLSearchParams({ query, time: '1700000001.123' })}`;
    site.pages[path] = '{"data":{"result":[]}}';
    const read = () => readSeedMetric(site.url, seed, 'otlp', { signal: never });
    expect(await read()).toEqual({ found: false, answer: 'an empty result' });
    site.pages[path] = '{"data":{"result":[{"value":[1700000001.123,"1700000000.123"]}]}}';
    expect(await read()).toEqual({ found: true, answer: 'found' });
  });

  test('a trace is found by its id, an unknown one is not', async () => {
    expect(await readSeedTrace(site.url, seed, { signal: never })).toEqual({
      found: false,
      answer: 'HTTP 404: no such page',
    });
    site.pages[`/api/traces/${seed.traceId}`] = '{"batches":[{"spans":[{"name":"seed"}]}]}';
    expect(await readSeedTrace(site.url, seed, { signal: never })).toMatchObject({ found: true });
  });

  test('a log that never comes is an error that says what was answered last', async () => {
    const look = () => readSeedLog(site.url, seed, { signal: never });
    await expect(awaitReading('a log', look, { clock, signal: never, timeoutMs: 50 })).rejects.toThrow(
      'a log could not be read back within 0 s: HTTP 404: no such page',
    );
  });
});
