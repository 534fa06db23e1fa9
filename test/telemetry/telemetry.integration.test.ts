import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { METRICS } from '../../src/telemetry/names.ts';
import { makeGround } from '../support/cli.ts';
import { findFreePort } from '../support/free-port.ts';
import { MIMIR, PROMETHEUS, startMimir, startPrometheus } from '../support/servers/backends.ts';
import { COLLECTOR, startCollector } from '../support/servers/collector.ts';
import { missingPrograms, type RunningServer } from '../support/servers/start-server.ts';
import {
  changesOf,
  flush,
  placeOf,
  readDocumentTransitions,
  readStored,
  readTransitions,
  samplesStatus,
  stateFolder,
  statusesIn,
  type Transitions,
  valuesOf,
  writePlan,
} from './support.ts';

interface Backend {
  server: RunningServer;
  push: string;
  api: string;
}

const BACKENDS = {
  prometheus: async (): Promise<Backend> => {
    const server = await startPrometheus();
    return { server, push: `${server.url}/api/v1/write`, api: server.url };
  },
  mimir: async (): Promise<Backend> => {
    const server = await startMimir();
    return { server, push: `${server.url}/api/v1/push`, api: `${server.url}/prometheus` };
  },
} as const;
const PROGRAMS = { prometheus: PROMETHEUS, mimir: MIMIR } as const;

for (const name of ['prometheus', 'mimir'] as const) {
  const missing = await missingPrograms(PROGRAMS[name]);
  // The server remembers: each test has a cluster name of its own.
  describe.skipIf(missing !== undefined)(`${name}${missing === undefined ? '' : ` (${missing})`}`, () => {
    let backend: Backend;
    beforeAll(async () => {
      backend = await BACKENDS[name]();
    });
    afterAll(() => backend?.server.stop());

    test('a failed run and its resume are read back as the journal has them, then the run is closed', async () => {
      const ground = makeGround();
      const env = { CONTEXTCORE_REMOTE_WRITE_URL: backend.push };
      const plan = writePlan(ground, ['true', 'test -f ready', 'true'], 'cluster: a-run\n');
      expect((await ground.install(['run', plan], { env })).exitCode).toBe(1);
      expect((await flush(ground, env, '--cluster', 'a-run')).exitCode).toBe(0);
      execFileSync('touch', [join(ground.folder, 'ready')]);
      expect((await ground.install(['resume', plan], { env })).exitCode).toBe(0);
      await flush(ground, env, '--cluster', 'a-run');

      const series = await readStored(backend.api, {}, 'a-run');
      expect(statusesIn(series)).toEqual(readTransitions(placeOf(ground, 'a-run')));
      expect(changesOf(series, METRICS.runStatus.name)).toEqual([1, 3, 1, 2]);
      expect(valuesOf(series, METRICS.runs.name, { result: 'failure' })).toEqual([0, 1, 1]);
      expect(valuesOf(series, METRICS.runs.name, { result: 'success' })).toEqual([0, 0, 1]);
      expect(valuesOf(series, METRICS.samplesRejected.name).every((value) => value === 0)).toBe(true);

      expect((await ground.install(['reset', plan, '--yes'], { env })).exitCode).toBe(0);
      await flush(ground, env, '--cluster', 'a-run');
      expect(valuesOf(await readStored(backend.api, {}, 'a-run'), METRICS.runStatus.name).at(-1)).toBe(8);
    });

    test('a thousand instant steps, four at a time', async () => {
      const ground = makeGround();
      const env = { CONTEXTCORE_REMOTE_WRITE_URL: backend.push };
      const plan = writePlan(ground, Array<string>(1000).fill('true'), 'cluster: a-thousand\nconcurrency: 4\n');
      const { exitCode, stderr } = await ground.install(['run', plan], { env });
      expect({ exitCode, stderr: exitCode === 0 ? '' : stderr }).toEqual({ exitCode: 0, stderr: '' });
      expect((await flush(ground, env, '--cluster', 'a-thousand')).exitCode).toBe(0);
      const stored = statusesIn(await readStored(backend.api, {}, 'a-thousand'));
      expect(Object.keys(stored)).toHaveLength(1000);
      expect(stored).toEqual(readDocumentTransitions(placeOf(ground, 'a-thousand')));
    });

    test('what happened before the backend was there is told with its own times', async () => {
      const ground = makeGround();
      const before = { CONTEXTCORE_REMOTE_WRITE_URL: `http://127.0.0.1:${await findFreePort()}/api/v1/push` };
      const plan = writePlan(ground, ['true', 'true'], 'cluster: before\n');
      const { exitCode, stderr } = await ground.install(['run', plan], { env: before });
      expect(exitCode).toBe(0);
      expect(stderr).toMatch(/telemetry waits \(\d+ items\) for http:/);
      // Who has more time than an exit is told why.
      const refused = await flush(ground, before, '--cluster', 'before');
      expect({ code: refused.exitCode, stderr: refused.stderr }).toEqual({
        code: 7,
        stderr: expect.stringContaining('ECONNREFUSED'),
      });
      expect((await samplesStatus(ground, before, 'before')).delivered).toBe(0);

      const env = { CONTEXTCORE_REMOTE_WRITE_URL: backend.push };
      expect((await flush(ground, env, '--cluster', 'before')).exitCode).toBe(0);
      const series = await readStored(backend.api, {}, 'before');
      expect(statusesIn(series)).toEqual(readTransitions(placeOf(ground, 'before')));
      expect(await samplesStatus(ground, env, 'before')).toMatchObject({ items: 0, rejected: 0, expired: 0 });
      const cursor = readFileSync(join(stateFolder(placeOf(ground, 'before')), 'spool/samples/cursor.json'), 'utf8');
      expect(cursor).not.toContain('rejection');
    });
  });
}

const noCollector = await missingPrograms(COLLECTOR);
describe.skipIf(noCollector !== undefined)(
  `a collector alone${noCollector === undefined ? '' : ` (${noCollector})`}`,
  () => {
    test('gets the same samples with the same times as data points', async () => {
      const collector = await startCollector();
      try {
        const ground = makeGround();
        const env = { OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: `${collector.url}/v1/metrics` };
        const plan = writePlan(ground, ['true', 'true'], 'cluster: collected\n');
        expect((await ground.install(['run', plan], { env })).exitCode).toBe(0);
        expect((await flush(ground, env, '--cluster', 'collected')).exitCode).toBe(0);
        const expected = readTransitions(placeOf(ground, 'collected'));
        const points = () => pointsOf(collector.read<OtlpRequest>('metrics'));
        await expect.poll(points, { timeout: 30_000 }).toEqual(expected);
      } finally {
        await collector.stop();
      }
    });
  },
);

interface OtlpRequest {
  resourceMetrics: {
    scopeMetrics: { metrics: { name: string; gauge?: { dataPoints: OtlpPoint[] } }[] }[];
  }[];
}
interface OtlpPoint {
  timeUnixNano: string;
  asDouble: number;
  attributes: { key: string; value: { stringValue: string } }[];
}

function pointsOf(requests: readonly OtlpRequest[]): Transitions {
  const metrics = requests.flatMap((request) =>
    request.resourceMetrics.flatMap((resource) => resource.scopeMetrics.flatMap((scope) => scope.metrics)),
  );
  const points = metrics
    .filter(({ name }) => name === METRICS.stepStatus.name)
    .flatMap((one) => one.gauge?.dataPoints ?? []);
  const all: Transitions = {};
  for (const { timeUnixNano, asDouble, attributes } of points) {
    const step = attributes.find(({ key }) => key === 'step')?.value.stringValue ?? '';
    const at = Number(timeUnixNano.slice(0, -6));
    all[step] = [...(all[step] ?? []), [at, asDouble] as const].sort(([a], [b]) => a - b);
  }
  return all;
}
