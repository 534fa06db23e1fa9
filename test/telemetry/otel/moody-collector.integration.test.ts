import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Ground, makeGround } from '../../support/cli.ts';
import { type HttpSite, startSite } from '../../support/http-site.ts';
import { type LogsRequest, logLinesOf, spansOf, type TracesRequest } from '../../support/otlp.ts';
import { COLLECTOR, type Collector, startCollector } from '../../support/servers/collector.ts';
import { missingPrograms } from '../../support/servers/start-server.ts';
import { flush, PLAN, writePlan } from '../support.ts';

const missing = await missingPrograms(COLLECTOR);
const PATIENCE = { timeout: 30_000 };
const SIGNALS = ['traces', 'logs'] as const;
type Signal = (typeof SIGNALS)[number];

/** Answers by itself, or changes what is passed on; undefined: passed on as it is. */
type Mood = (body: string, response: ServerResponse, signal: Signal) => 'answered' | Passed | undefined;
interface Passed {
  body: string;
  /** Said in the place of the collector's own words. */
  answer: string;
}

/** What makes a span or log line one that nobody takes: a step's name. */
const BAD = 'unlucky';

describe.skipIf(missing !== undefined)(`a moody collector${missing === undefined ? '' : ` (${missing})`}`, () => {
  let collector: Collector;
  let front: HttpSite;
  let mood: Mood;
  let asked: Record<Signal, number[]>;

  beforeAll(async () => {
    collector = await startCollector();
    const serve = (path: string, signal?: Signal) => async (request: IncomingMessage, response: ServerResponse) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      if (request.method !== 'POST') return void response.writeHead(405).end();
      const body = Buffer.concat(chunks).toString('utf8');
      if (signal !== undefined) asked[signal].push(performance.now());
      const said = signal === undefined ? undefined : mood(body, response, signal);
      if (said === 'answered') return;
      const headers = { 'content-type': request.headers['content-type'] ?? '' };
      const answer = await fetch(collector.url + path, { method: 'POST', headers, body: said?.body ?? body });
      response.writeHead(answer.status).end(said?.answer ?? (await answer.text()));
    };
    front = await startSite({
      '/v1/traces': serve('/v1/traces', 'traces'),
      '/v1/logs': serve('/v1/logs', 'logs'),
      '/v1/metrics': serve('/v1/metrics'),
    });
  });
  beforeEach(() => {
    asked = { traces: [], logs: [] };
  });
  afterAll(async () => {
    await front?.close();
    await collector?.stop();
  });

  const env = () => ({ OTEL_EXPORTER_OTLP_ENDPOINT: front.url });
  const refuse = (response: ServerResponse, status: number, text: string, headers = {}): 'answered' => {
    response.writeHead(status, headers).end(text);
    return 'answered';
  };

  /** A run of many steps, the last of which fails; it also writes what it tells to files. */
  async function run(ground: Ground): Promise<void> {
    const commands = [...Array<string>(8).fill('true'), 'exit 3'];
    const plan = writePlan(ground, commands, '', (number) => (number === 5 ? BAD : `s${number}`));
    const args = ['run', plan, '--otlp-file', join(ground.folder, 'told')];
    const { exitCode, stderr } = await ground.install(args, { env: env() });
    expect(exitCode, stderr).toBe(1);
    // What its end has cut off may not be taken for a request of the next process.
    await front.settled();
  }

  /** Each span by its id, each log line by what it says, as often as they are there. */
  const keysOf = {
    traces: (requests: readonly object[]) =>
      spansOf(requests as TracesRequest[]).map((span) => ({ trace: span.traceId, key: span.spanId, whole: span })),
    logs: (requests: readonly object[]) =>
      logLinesOf(requests as LogsRequest[]).map((line) => ({
        trace: line.traceId,
        key: `${line.timeUnixNano} ${line.spanId} ${line.text}`,
        whole: line,
      })),
  };
  const isBad = ({ whole }: { whole: object }) => JSON.stringify(whole).includes(BAD);

  function toldOf(ground: Ground, signal: Signal) {
    const lines = readFileSync(join(ground.folder, 'told', `${signal}.jsonl`), 'utf8')
      .trimEnd()
      .split('\n');
    return keysOf[signal](lines.map((line) => JSON.parse(line) as object));
  }

  /** All that was told, but for what is bad, has arrived, and nothing of it twice. */
  async function expectOnce(ground: Ground, without: (found: { whole: object }) => boolean = () => false) {
    const trace = toldOf(ground, 'traces')[0]?.trace;
    for (const signal of SIGNALS) {
      const expected = toldOf(ground, signal).flatMap((one) => (without(one) ? [] : [one.key]));
      expect(expected.length).toBeGreaterThan(10);
      const arrived = () =>
        keysOf[signal](collector.read<object>(signal)).flatMap((one) => (one.trace === trace ? [one.key] : []));
      await expect.poll(() => arrived().sort(), PATIENCE).toEqual(expected.sort());
    }
  }

  async function statusOf(ground: Ground, signal: Signal) {
    const { stdout } = await ground.install(['telemetry', 'status', PLAN, '--json'], { env: env() });
    const { spool } = JSON.parse(stdout) as { spool: Record<string, Record<string, unknown>> };
    return spool[`otlp-${signal}`];
  }

  async function expectNothingLeft(ground: Ground): Promise<void> {
    asked = { traces: [], logs: [] };
    mood = () => undefined;
    expect((await flush(ground, env())).exitCode).toBe(0);
    expect(asked).toEqual({ traces: [], logs: [] });
  }

  test('500 for ever: kept, exit 7 says why; when it is well again everything arrives once', async () => {
    const ground = makeGround();
    mood = (_body, response) => refuse(response, 500, 'out of order');
    await run(ground);
    const failed = await flush(ground, env());
    expect(failed.exitCode).toBe(7);
    expect(failed.stderr).toContain('500 out of order');
    // A try now and then, not a storm.
    for (const signal of SIGNALS) expect(asked[signal].length).toBeLessThan(30);
    mood = () => undefined;
    expect((await flush(ground, env())).exitCode).toBe(0);
    for (const signal of SIGNALS) expect(await statusOf(ground, signal)).toMatchObject({ items: 0, rejected: 0 });
    await expectNothingLeft(ground);
    await expectOnce(ground);
  });

  test('429 with Retry-After: asked again when it wishes, everything arrives once', async () => {
    const ground = makeGround();
    const slowly = (response: ServerResponse) => refuse(response, 429, 'slowly', { 'retry-after': '2' });
    mood = (_body, response) => slowly(response);
    await run(ground);
    asked = { traces: [], logs: [] };
    mood = (_body, response, signal) => (asked[signal].length === 1 ? slowly(response) : undefined);
    expect((await flush(ground, env())).exitCode).toBe(0);
    for (const signal of SIGNALS) {
      const [first = 0, second = 0] = asked[signal];
      expect(second - first).toBeGreaterThanOrEqual(1900);
    }
    await expectNothingLeft(ground);
    await expectOnce(ground);
  });

  const refuseBad: Mood = (body, response) => (body.includes(BAD) ? refuse(response, 400, 'bad luck') : undefined);

  async function expectBadCounted(ground: Ground): Promise<void> {
    for (const signal of SIGNALS) {
      const rejected = toldOf(ground, signal).filter(isBad).length;
      expect(rejected).toBeGreaterThan(0);
      const expected = { items: 0, rejected, rejection: expect.stringMatching(/^(400 )?bad luck$/) };
      expect(await statusOf(ground, signal)).toMatchObject(expected);
    }
  }

  test('400 for what is bad: that is counted, all else arrives once, and it is never sent again', async () => {
    const ground = makeGround();
    mood = (_body, response) => refuse(response, 500, 'not yet');
    await run(ground);
    mood = refuseBad;
    expect((await flush(ground, env())).exitCode).toBe(0);
    await expectBadCounted(ground);
    await expectNothingLeft(ground);
    await expectOnce(ground, isBad);
  });

  test('400 while a run goes on: it ends as ever, and what is bad is counted once', async () => {
    const ground = makeGround();
    mood = refuseBad;
    await run(ground);
    // The end of the run may have come in the middle of a delivery.
    expect((await flush(ground, env())).exitCode).toBe(0);
    await expectBadCounted(ground);
    await expectNothingLeft(ground);
  });

  test('a partial success: what was left out is counted, and not sent again', async () => {
    const ground = makeGround();
    mood = (_body, response) => refuse(response, 500, 'not yet');
    await run(ground);
    mood = (body, _response, signal) => {
      const [passed, count] = leaveOut(body);
      const name = signal === 'traces' ? 'rejectedSpans' : 'rejectedLogRecords';
      // As a 64-bit number is written in the JSON form.
      const partialSuccess = { [name]: String(count), errorMessage: 'bad luck' };
      return count === 0 ? undefined : { body: passed, answer: JSON.stringify({ partialSuccess }) };
    };
    expect((await flush(ground, env())).exitCode).toBe(0);
    await expectBadCounted(ground);
    await expectNothingLeft(ground);
    await expectOnce(ground, isBad);
  });
});

/** A request without its bad spans or log records, and how many these are. */
function leaveOut(body: string): [body: string, count: number] {
  let count = 0;
  const kept = JSON.parse(body, (key, value: unknown) => {
    if ((key !== 'spans' && key !== 'logRecords') || !Array.isArray(value)) return value;
    const good = value.filter((item) => !JSON.stringify(item).includes(BAD));
    count += value.length - good.length;
    return good;
  });
  return [JSON.stringify(kept), count];
}
