import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { resolveSettings } from '../../src/telemetry/settings.ts';
import { openTelemetry, type Telemetry, type TelemetryOptions } from '../../src/telemetry/telemetry.ts';
import { type HttpSite, startSite } from '../support/http-site.ts';
import { SCENES } from '../support/recorded-runs.ts';
import { makeTempFolder } from '../support/temp-folder.ts';

const LONG = 15_000;
let site: HttpSite | undefined;
afterEach(async () => {
  await site?.close();
  site = undefined;
});

async function startReceiver(status: number): Promise<string> {
  const server = await startSite({
    '/push': (request, response) => {
      request.resume().on('end', () => response.writeHead(request.method === 'GET' ? 405 : status).end('not now'));
    },
  });
  site = server;
  return `${server.url}/push`;
}

/** Tells a whole run at once, so that all is left to the end of the process. */
async function tellRun(env: Record<string, string>, times: TelemetryOptions['times']): Promise<Telemetry> {
  const folder = join(await makeTempFolder(), 'spool');
  const events = SCENES.install();
  const telemetry = openTelemetry({
    folder,
    labels: { cluster: 'c', plan: 'p' },
    version: '1',
    settings: resolveSettings({}, env, (name) => env[name]),
    installed: () => ({ ports: {}, outputs: {} }),
    clock: { now: () => events.at(-1)?.at ?? 0 },
    volumes: {},
    mask: (text) => text,
    notify: () => undefined,
    times: { firstMs: LONG, ...times },
  });
  for (const event of events) telemetry.listener(event);
  return telemetry;
}

test('the end of a run delivers all that waits', async () => {
  const url = await startReceiver(200);
  const telemetry = await tellRun({ CONTEXTCORE_REMOTE_WRITE_URL: url }, { closeMs: LONG, sendMs: LONG });
  expect(await telemetry.close()).toBeUndefined();
  expect(telemetry.spool.stats('samples')).toMatchObject({ records: 0, rejected: 0 });
  expect(telemetry.spool.stats('samples').delivered).toBeGreaterThan(20);
});

test('what a receiver does not take now is told, with what it says', async () => {
  const url = await startReceiver(503);
  const telemetry = await tellRun({ CONTEXTCORE_REMOTE_WRITE_URL: url }, { closeMs: LONG, sendMs: LONG });
  const { items } = telemetry.spool.stats('samples');
  // Five more tell of the delivery itself.
  expect(await telemetry.close()).toEqual({ items: items + 5, url, reason: '503 not now' });
});

test('what waits is told even where the time was over before the receiver was asked', async () => {
  const silent = createServer().listen(0, '127.0.0.1');
  await once(silent, 'listening');
  try {
    const url = `http://127.0.0.1:${(silent.address() as AddressInfo).port}/push`;
    const telemetry = await tellRun({ CONTEXTCORE_REMOTE_WRITE_URL: url }, { closeMs: 0, sendMs: LONG });
    const { items } = telemetry.spool.stats('samples');
    expect(await telemetry.close()).toEqual({ items, url, reason: 'it did not answer in time' });
  } finally {
    silent.close();
  }
});

test('without a receiver nobody is told of what waits', async () => {
  const telemetry = await tellRun({}, {});
  expect(telemetry.spool.stats('samples').items).toBeGreaterThan(0);
  expect(await telemetry.close()).toBeUndefined();
});
