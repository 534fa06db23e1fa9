import { isDeepStrictEqual } from 'node:util';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { askLoki } from '../../support/ask-loki.ts';
import { type Ground, makeGround } from '../../support/cli.ts';
import {
  type FoundSpan,
  type LogsRequest,
  logLinesOf,
  pathsOf,
  spansOf,
  type TracesRequest,
} from '../../support/otlp.ts';
import { LOKI, startLoki } from '../../support/servers/backends.ts';
import { COLLECTOR, type Collector, startCollector } from '../../support/servers/collector.ts';
import { missingPrograms, type RunningServer } from '../../support/servers/start-server.ts';
import { NETWORK_FAULTS, type SpoiledWay, startSpoiledWay, TOXIPROXY } from '../../support/servers/toxiproxy.ts';
import { flush, PLAN, writePlan } from '../support.ts';

const missing = await missingPrograms(COLLECTOR, LOKI, TOXIPROXY);
const PATIENCE = { timeout: 30_000 };

describe.skipIf(missing !== undefined)(
  `a bad way to a collector${missing === undefined ? '' : ` (${missing})`}`,
  () => {
    let loki: RunningServer;
    let collector: Collector;
    let way: SpoiledWay;
    beforeAll(async () => {
      loki = await startLoki();
      collector = await startCollector({ loki: loki.url });
      way = await startSpoiledWay(new URL(collector.url).host);
    });
    afterEach(() => way.enable(true));
    afterAll(async () => {
      await way?.stop();
      await collector?.stop();
      await loki?.stop();
    });
    const env = () => ({ OTEL_EXPORTER_OTLP_ENDPOINT: way.url });

    test.each(NETWORK_FAULTS)('%s: every span and log line arrives, once by its id', async (_name, spoil) => {
      await spoil(way);
      const ground = makeGround();
      const plan = writePlan(ground, ['true', 'sleep 1.5', 'exit 3']);
      const { exitCode, stderr } = await ground.install(['run', plan], { env: env() });
      expect(exitCode, stderr).toBe(1);
      expect(stderr).toContain('telemetry waits');
      await way.enable(true);
      await expectWhole(ground, stderr, 3);
    });

    test('gone in the middle of a run', async () => {
      const ground = makeGround();
      const plan = writePlan(ground, ['sleep 1.6', 'sleep 3', 'sleep 3', 'exit 3']);
      const cli = ground.start('contextcore-install', ['run', plan], { env: env() });
      await cli.seen(/s2\s+started/);
      await way.enable(false);
      await cli.seen(/s3\s+started/);
      await way.enable(true);
      const { exitCode, stderr } = await cli.ended;
      expect(exitCode, stderr).toBe(1);
      await expectWhole(ground, stderr, 4);
    });

    /** What the spool has sent has arrived: at least once, and the same where it came twice. */
    async function expectWhole(ground: Ground, stderr: string, steps: number): Promise<void> {
      const flushed = await flush(ground, env());
      expect(flushed.exitCode, flushed.stderr).toBe(0);
      const traceId = /trace ([0-9a-f]{32})/.exec(stderr)?.[1];
      expect(traceId).toBeDefined();
      const ids = Array.from({ length: steps }, (_, index) => `s${index + 1}`);
      const expected = ids.flatMap((id) => {
        const step = `RUN ${PLAN} > STEP ${id}`;
        return [step, `${step} > ATTEMPT 1`, `${step} > ATTEMPT 1 > sh`];
      });
      const spans = () => uniqueById(spansOf(collector.read<TracesRequest>('traces')), traceId);
      await expect.poll(() => pathsOf(spans()), PATIENCE).toEqual([`RUN ${PLAN}`, ...expected].sort());

      // Loki keeps one of two lines that are the same at the same time.
      const query = `{service_name="contextcore-install"} | trace_id="${traceId}"`;
      const lines = () => {
        const found = logLinesOf(collector.read<LogsRequest>('logs')).filter((line) => line.traceId === traceId);
        return [...new Map(found.map(({ timeUnixNano, text }) => [`${timeUnixNano} ${text}`, text])).values()].sort();
      };
      await expect.poll(lines, PATIENCE).toContainEqual(expect.stringMatching(/^run started: run/));
      // The collector writes what it has taken a little later, in parts.
      for (const id of ids) {
        const own = () => lines().filter((text) => text.startsWith(`${id}: apply, attempt 1`));
        await expect.poll(own, PATIENCE).toHaveLength(1);
      }
      await expect.poll(lines, PATIENCE).toContainEqual(expect.stringMatching(/^run ended: failure/));
      const both = async () => ({ stored: (await askLoki(loki.url, query)).sort(), told: lines() });
      await expect.poll(both, PATIENCE).toSatisfy(({ stored, told }) => isDeepStrictEqual(stored, told));
    }
  },
);

/** The spans of a trace, each once; those that were sent again must be what they were. */
function uniqueById(all: readonly FoundSpan[], traceId: string | undefined): FoundSpan[] {
  const unique = new Map<string, FoundSpan>();
  for (const span of all) {
    if (span.traceId !== traceId) continue;
    expect(unique.get(span.spanId) ?? span).toEqual(span);
    unique.set(span.spanId, span);
  }
  return [...unique.values()];
}
