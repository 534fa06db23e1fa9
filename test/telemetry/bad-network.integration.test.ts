import { writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { METRICS } from '../../src/telemetry/names.ts';
import { type Ground, makeGround } from '../support/cli.ts';
import { type HttpSite, startSite } from '../support/http-site.ts';
import { PROMETHEUS, startPrometheus } from '../support/servers/backends.ts';
import { missingPrograms, type RunningServer } from '../support/servers/start-server.ts';
import { NETWORK_FAULTS, type SpoiledWay, startSpoiledWay, TOXIPROXY } from '../support/servers/toxiproxy.ts';
import {
  flush,
  placeOf,
  readStored,
  readTransitions,
  samplesStatus,
  statusesIn,
  valuesOf,
  writePlan,
} from './support.ts';

const missing = await missingPrograms(PROMETHEUS, TOXIPROXY);

/** Told from a telemetry that waits for an answer, not from one that is slow: the benchmark P8 measures that. */
const SLACK_MS = 8_000;

describe.skipIf(missing !== undefined)(`a bad network${missing === undefined ? '' : ` (${missing})`}`, () => {
  let prometheus: RunningServer;
  let way: SpoiledWay;
  beforeAll(async () => {
    prometheus = await startPrometheus();
    way = await startSpoiledWay(new URL(prometheus.url).host);
  });
  afterEach(() => way.enable(true));
  afterAll(async () => {
    await way?.stop();
    await prometheus?.stop();
  });
  const pushTo = (url: string) => ({ CONTEXTCORE_REMOTE_WRITE_URL: `${url}/api/v1/write` });

  test.each(NETWORK_FAULTS)('%s: the run is as ever, and everything is delivered afterwards', async (name, spoil) => {
    const cluster = name.toLowerCase().replace(/[^a-z0-9]+/g, '-');
    const commands = ['true', 'sleep 1.5', 'true', 'exit 3'];
    const plain = makeGround();
    const alone = await plain.install(['run', writePlan(plain, commands, `cluster: ${cluster}\n`)]);
    await spoil(way);
    const ground = makeGround();
    const plan = writePlan(ground, commands, `cluster: ${cluster}\n`);
    const told = await ground.install(['run', plan], { env: pushTo(way.url) });
    expect(told.exitCode).toBe(alone.exitCode);
    expect(told.exitCode).toBe(1);
    expect(told.ms - alone.ms).toBeLessThan(SLACK_MS);
    expect(told.stderr).toContain('telemetry flush');

    await way.enable(true);
    expect((await flush(ground, pushTo(way.url), '--cluster', cluster)).exitCode).toBe(0);
    await expectWhole(ground, cluster);
  });

  test('a network that is gone in the middle of a run costs nothing either', async () => {
    const ground = makeGround();
    const plan = writePlan(ground, ['sleep 1.6', 'sleep 3', 'sleep 3', 'true'], 'cluster: middle\n');
    const cli = ground.start('contextcore-install', ['run', plan], { env: pushTo(way.url) });
    await cli.seen(/s2\s+started/);
    await way.enable(false);
    await cli.seen(/s3\s+started/);
    await way.enable(true);
    expect((await cli.ended).exitCode).toBe(0);
    await flush(ground, pushTo(way.url), '--cluster', 'middle');
    await expectWhole(ground, 'middle');
  });

  test('a run that is killed loses nothing that it has told, and what was taken is not sent again', async () => {
    const ground = makeGround();
    const commands = ['true', 'until test -e go; do sleep 0.1; done', 'sleep 30'];
    const plan = writePlan(ground, commands, 'cluster: killed\n');
    const cli = ground.start('contextcore-install', ['run', plan], { env: pushTo(way.url) });
    await cli.seen(/s2\s+started/);
    // The background delivers while the second step waits; what comes after waits itself.
    const delivered = async () => (await samplesStatus(ground, pushTo(way.url), 'killed')).delivered;
    await expect.poll(delivered, { timeout: 60_000 }).toBeGreaterThan(0);
    await way.enable(false);
    writeFileSync(join(ground.folder, 'go'), '');
    await cli.seen(/s3\s+started/);
    cli.kill('SIGKILL');
    await cli.ended;
    await way.enable(true);
    const before = await samplesStatus(ground, pushTo(way.url), 'killed');
    expect(before.delivered).toBeGreaterThan(0);
    expect(before.items).toBeGreaterThan(0);
    expect((await flush(ground, pushTo(way.url), '--cluster', 'killed')).exitCode).toBe(0);
    const after = await samplesStatus(ground, pushTo(way.url), 'killed');
    // The five that tell of the delivery itself are told by the flush.
    expect(after).toMatchObject({ items: 0, rejected: 0, delivered: before.delivered + before.items + 5 });
    await expectWhole(ground, 'killed');
  });

  /** Everything is there, once, as the journal has it. */
  async function expectWhole(ground: Ground, cluster: string): Promise<void> {
    const series = await readStored(prometheus.url, {}, cluster);
    expect(statusesIn(series)).toEqual(readTransitions(placeOf(ground, cluster)));
    expect(await samplesStatus(ground, pushTo(way.url), cluster)).toMatchObject({ items: 0, rejected: 0, expired: 0 });
    expect(valuesOf(series, METRICS.spoolRecords.name).at(-1)).toBe(0);
  }
});

function refuse(response: ServerResponse, status: number, text: string, headers: Record<string, string> = {}): true {
  response.writeHead(status, headers).end(text);
  return true;
}

describe.skipIf(missing !== undefined)('a moody receiver', () => {
  let prometheus: RunningServer;
  let front: HttpSite;
  /** @returns true when it has answered by itself */
  let mood: (body: Buffer, response: ServerResponse) => boolean;
  let asked: number[];
  beforeAll(async () => {
    prometheus = await startPrometheus();
    // Hands on to the real one what it takes.
    front = await startSite({
      '/api/v1/write': async (request, response) => {
        const chunks: Buffer[] = [];
        for await (const chunk of request) chunks.push(chunk as Buffer);
        const body = Buffer.concat(chunks);
        if (request.method !== 'POST') return void response.writeHead(405).end();
        asked.push(Date.now());
        if (mood(body, response)) return;
        const headers = request.headers as Record<string, string>;
        delete headers.connection;
        delete headers['content-length'];
        const answer = await fetch(`${prometheus.url}/api/v1/write`, { method: 'POST', headers, body });
        response.writeHead(answer.status).end(await answer.text());
      },
    });
  });
  afterAll(async () => {
    await front?.close();
    await prometheus?.stop();
  });

  test('429 with Retry-After: asked again when it wishes, everything delivered once', async () => {
    const ground = makeGround();
    const env = { CONTEXTCORE_REMOTE_WRITE_URL: `${front.url}/api/v1/write` };
    asked = [];
    mood = (_body, response) => refuse(response, 429, 'slowly', { 'retry-after': '2' });
    const plan = writePlan(ground, ['true'], 'cluster: slowly\n');
    expect((await ground.install(['run', plan], { env })).exitCode).toBe(0);
    await front.settled();
    // While it runs not more often than it was told, and once more at its end.
    for (const [index, at] of asked.slice(1, -1).entries())
      expect(at - (asked[index] ?? 0)).toBeGreaterThanOrEqual(1900);
    let first = true;
    asked = [];
    mood = (_body, response) => {
      if (!first) return false;
      first = false;
      return refuse(response, 429, 'slowly', { 'retry-after': '2' });
    };
    expect((await flush(ground, env, '--cluster', 'slowly')).exitCode).toBe(0);
    expect((asked[1] ?? 0) - (asked[0] ?? 0)).toBeGreaterThanOrEqual(1900);
    expect(statusesIn(await readStored(prometheus.url, {}, 'slowly'))).toEqual(
      readTransitions(placeOf(ground, 'slowly')),
    );
  });

  test('500 for ever: kept, exit 7 says why, nothing is lost', async () => {
    const ground = makeGround();
    const env = { CONTEXTCORE_REMOTE_WRITE_URL: `${front.url}/api/v1/write` };
    asked = [];
    mood = (_body, response) => refuse(response, 500, 'out of order');
    expect((await ground.install(['run', writePlan(ground, ['true'], 'cluster: broken\n')], { env })).exitCode).toBe(0);
    const failed = await flush(ground, env, '--cluster', 'broken');
    expect(failed.exitCode).toBe(7);
    expect(failed.stderr).toContain('500 out of order');
    expect((await samplesStatus(ground, env, 'broken')).items).toBeGreaterThan(0);
    mood = () => false;
    expect((await flush(ground, env, '--cluster', 'broken')).exitCode).toBe(0);
    expect(statusesIn(await readStored(prometheus.url, {}, 'broken'))).toEqual(
      readTransitions(placeOf(ground, 'broken')),
    );
  });

  test('400 for one bad sample: found, counted, shown; the others are delivered, and it is never sent again', async () => {
    const ground = makeGround();
    const env = { CONTEXTCORE_REMOTE_WRITE_URL: `${front.url}/api/v1/write` };
    asked = [];
    // Snappy writes out what stands in a request for the first time.
    mood = (body, response) => body.includes('unlucky') && refuse(response, 400, 'this step has bad luck');
    const commands = Array<string>(20).fill('true');
    const plan = writePlan(ground, commands, 'cluster: weather\n', (n) => (n === 13 ? 'unlucky' : `s${n}`));
    expect((await ground.install(['run', plan], { env })).exitCode).toBe(0);
    expect((await flush(ground, env, '--cluster', 'weather')).exitCode).toBe(0);
    const stored = statusesIn(await readStored(prometheus.url, {}, 'weather'));
    const { unlucky: _none, ...expected } = readTransitions(placeOf(ground, 'weather'));
    expect(stored).toEqual(expected);
    const status = await samplesStatus(ground, env, 'weather');
    expect(status).toMatchObject({ items: 0, rejection: '400 this step has bad luck' });
    expect(status.rejected).toBeGreaterThan(2);
    const rejected = valuesOf(await readStored(prometheus.url, {}, 'weather'), METRICS.samplesRejected.name);
    expect(rejected.at(-1)).toBe(status.rejected);
    asked = [];
    await flush(ground, env, '--cluster', 'weather');
    expect(asked).toEqual([]);
  });
});
