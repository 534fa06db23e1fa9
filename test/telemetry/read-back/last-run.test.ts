import { expect, test } from 'vitest';
import { METRICS, type Metric } from '../../../src/telemetry/names.ts';
import { lastRunQuery, readLastRun } from '../../../src/telemetry/read-back/last-run.ts';
import type { RawSeries } from '../../../src/telemetry/read-back/prometheus-api.ts';

const NOON = Date.parse('2026-03-01T12:00:00.123Z');

/** Times in milliseconds after noon. */
function series(metric: Metric, labels: Record<string, string>, ...samples: [at: number, value: number][]): RawSeries {
  return {
    labels: { __name__: metric.name, ...labels },
    samples: samples.map(([at, value]) => ({ timestamp: NOON + at, value })),
  };
}
const started = (...at: number[]) =>
  series(METRICS.runStarted, {}, ...at.map((ms): [number, number] => [ms, (NOON + ms) / 1000]));
const status = (step: string, ...samples: [number, number][]) => series(METRICS.stepStatus, { step }, ...samples);

test('asks for one cluster and plan, whatever their names hold', () => {
  expect(lastRunQuery('a', 'b')).toMatch(
    /^\{__name__=~"contextcore_install_step_status\|.+",cluster="a",plan="b"\}\[30d\]$/,
  );
  expect(lastRunQuery('a"b', 'c')).toContain('cluster="a\\"b"');
});

test('takes the last sample of each step since the latest start; what was not told since is unknown', () => {
  const run = readLastRun([
    started(0, 5000),
    status('a', [0, 0], [10, 1], [20, 2], [5000, 2]),
    status('b', [0, 0], [20, 1], [5000, 1], [5100, 1], [5200, 3]),
    status('c', [5000, 0], [5200, 1]),
    status('gone', [0, 0], [30, 2]),
    series(METRICS.stepCompleted, { step: 'a' }, [20, (NOON + 20) / 1000]),
    series(METRICS.stepStarted, { step: 'a' }, [10, (NOON + 10) / 1000]),
    series(METRICS.stepAttempts, { step: 'b' }, [5200, 3]),
    series(METRICS.planInfo, { plan_hash: 'old' }, [0, NOON / 1000]),
    series(METRICS.planInfo, { plan_hash: 'new' }, [5000, (NOON + 5000) / 1000]),
  ]);
  expect(run).toEqual({
    startedAt: NOON + 5000,
    planHash: 'new',
    steps: {
      a: { status: 'completed', at: NOON + 5000, startedAt: NOON + 10, completedAt: NOON + 20 },
      b: { status: 'failed', at: NOON + 5200, attempts: 3 },
      c: { status: 'in_progress', at: NOON + 5200 },
    },
  });
});

test('a step that came by two ways is told by the later sample', () => {
  const run = readLastRun([
    started(0),
    { ...status('a', [10, 1], [20, 2]), labels: { __name__: METRICS.stepStatus.name, step: 'a', job: 'collector' } },
    status('a', [10, 1]),
  ]);
  expect(run?.steps.a?.status).toBe('completed');
});

test('a run that was closed after it began, and one that began after', () => {
  const closed = series(METRICS.runStatus, {}, [0, 1], [10, 2], [20, 7]);
  expect(readLastRun([started(0), status('a', [0, 0]), closed])?.closed).toBe('deleted');
  const anew = series(METRICS.runStatus, {}, [0, 1], [20, 7], [30, 1]);
  expect(readLastRun([started(0, 30), status('a', [30, 0]), anew])?.closed).toBeUndefined();
});

test('without a start there is no run, however much else is told', () => {
  expect(readLastRun([])).toBeUndefined();
  expect(readLastRun([status('a', [0, 2])])).toBeUndefined();
});

test('a status of a later version is unknown', () => {
  expect(readLastRun([started(0), status('a', [0, 99])])?.steps).toEqual({});
});
