import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { queryRawSamples } from '../../../src/telemetry/read-back/prometheus-api.ts';

interface Given {
  status: number;
  body: string;
  headers?: Record<string, string>;
}

let server: Server;
/** By path; anything else is 404. */
let answers: Record<string, Given | 'nothing'>;
let asked: string[];

beforeEach(async () => {
  answers = {};
  asked = [];
  server = createServer((request, response) => {
    asked.push(request.url ?? '');
    const given = answers[(request.url ?? '').replace(/\?.*/, '')] ?? { status: 404, body: '404 page not found' };
    if (given !== 'nothing') response.writeHead(given.status, given.headers).end(given.body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
});
afterEach(() => {
  server.closeAllConnections();
  server.close();
});

const ask = (suffix = '') => {
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}${suffix}`;
  return queryRawSamples({ url, headers: {} }, 'up[1d]', { env: {}, timeoutMs: 500, now: 1_000_000 });
};
const result = [{ metric: { a: 'b' }, values: [[1.5, '2']] }];
const whole = { status: 'success', data: { resultType: 'matrix', result } };
const ok = (more: object = {}): Given => ({ status: 200, body: JSON.stringify({ ...whole, ...more }) });
const samples = [{ labels: { a: 'b' }, samples: [{ timestamp: 1500, value: 2 }] }];

test('finds the API right below an address, below /prometheus, and at the address of a query', async () => {
  answers = { '/api/v1/query': ok() };
  expect(await ask()).toEqual(samples);
  expect(await ask('/api/v1/query')).toEqual(samples);
  expect(new URLSearchParams(asked[0]?.split('?')[1]).get('query')).toBe('up[1d]');
  answers = { '/prometheus/api/v1/query': ok() };
  expect(await ask()).toEqual(samples);
});

test('an answer that is not certainly whole is none', async () => {
  const strange: [Given | 'nothing', RegExp][] = [
    [{ status: 404, body: '' }, /has no Prometheus API/],
    ['nothing', /did not answer/],
    [{ status: 500, body: 'no ingester' }, /answered 500: no ingester/],
    [{ status: 401, body: 'no org id' }, /answered 401: no org id/],
    [{ status: 302, body: '', headers: { location: '/login' } }, /leads elsewhere \(302\)/],
    [{ status: 200, body: '<html>Log in</html>' }, /something else than JSON: <html>Log in/],
    [{ status: 200, body: '' }, /something else than JSON/],
    [{ status: 200, body: 'null' }, /answered with "null"/],
    [{ status: 200, body: '{"status":"error","error":"bad query"}' }, /answered with "bad query"/],
    [ok({ warnings: ['a store did not answer'] }), /warns .*a store did not answer/],
    [ok({ isPartial: true }), /a part of the answer only/],
    [ok({ data: { resultType: 'vector', result: [] } }), /gave no samples/],
    [ok({ data: { resultType: 'matrix', result: [{ metric: {} }] } }), /unknown shape/],
    [ok({ data: { resultType: 'matrix', result: [{ metric: {}, values: [['x', 'y']] }] } }), /unknown shape/],
    [{ status: 200, body: JSON.stringify(whole).slice(0, -5) }, /something else than JSON/],
  ];
  for (const [given, message] of strange) {
    answers = { '/api/v1/query': given };
    await expect(ask()).rejects.toMatchObject({ code: 'remote_unavailable', message: expect.stringMatching(message) });
  }
});

test('an answer without any series is whole: it is for the asker to judge', async () => {
  answers = { '/api/v1/query': ok({ data: { resultType: 'matrix', result: [] } }) };
  expect(await ask()).toEqual([]);
});
