import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildDashboards } from '../../src/dashboards/build/files.ts';
import { pushSamples } from '../../src/telemetry/remote-write.ts';
import { panelsOf, type Target } from '../support/lint-dashboard.ts';
import { type Answered, askInstant, askLabelValues, askRange } from '../support/query-backends.ts';
import { recordFleet } from '../support/recorded-fleet.ts';
import { MIMIR, PROMETHEUS, startMimir, startPrometheus } from '../support/servers/backends.ts';
import { missingPrograms, type RunningServer } from '../support/servers/start-server.ts';

const CLUSTERS = ['flying', 'failed', 'resumed', 'stuck', 'finished'];
const LOOKBACK = '7d';
/** Panels that show nothing although all is well; each with the reason. */
const EMPTY_BY_DESIGN: Readonly<Record<string, string>> = {};

const BACKENDS = [
  { name: 'Prometheus', programs: PROMETHEUS, start: () => startPrometheus(), push: '/api/v1/write', api: '' },
  { name: 'Mimir', programs: MIMIR, start: () => startMimir(), push: '/api/v1/push', api: '/prometheus' },
];

const dashboards = buildDashboards();

describe.each(BACKENDS)('on a real $name that holds the recorded runs', async ({ programs, start, push, api }) => {
  const missing = await missingPrograms(programs);
  const now = Date.now();
  const time = now / 1000;
  let server: RunningServer | undefined;
  let url = '';

  beforeAll(async () => {
    if (missing !== undefined) return;
    server = await start();
    await pushSamples(server.url + push, recordFleet(now).series());
    url = server.url + api;
  });
  afterAll(() => server?.stop());

  test.for(Object.entries(dashboards).flatMap(([name, dashboard]) => questionsOf(name, dashboard)))(
    '$where answers with data',
    async ({ where, expr, kind }, { skip }) => {
      if (missing !== undefined) return skip(missing);
      const answers: Answered[] = [];
      for (const cluster of expr.includes('cluster="$cluster"') ? CLUSTERS : ['.*']) {
        const query = substitute(expr, cluster);
        const range = { from: time - 6 * 3600, to: time, step: 3600 };
        answers.push(...(kind === 'range' ? await askRange(url, query, range) : await askInstant(url, query, time)));
      }
      if (where in EMPTY_BY_DESIGN) expect(answers).toEqual([]);
      else expect(answers.length).toBeGreaterThan(0);
      expect(answers.filter(({ value }) => !Number.isFinite(value))).toEqual([]);
    },
  );

  test.for(Object.entries(dashboards))(
    'the variables of %s find clusters and plans',
    async ([, dashboard], { skip }) => {
      if (missing !== undefined) return skip(missing);
      const found: Record<string, string[]> = {};
      for (const { name, definition } of dashboard.templating.list ?? []) {
        const [, match, label] = /^label_values\((.*), (\w+)\)$/.exec(definition ?? '') ?? [];
        if (match === undefined || label === undefined) continue;
        found[name] = await askLabelValues(url, label, substitute(match, '.*'), time - 3 * 86_400, time);
      }
      expect(found.cluster).toEqual(expect.arrayContaining(CLUSTERS));
      expect(found.plan).toEqual(['create-cluster']);
    },
  );

  /** The value of a panel for a cluster: the only one, or by its label. */
  const show = async (dashboard: keyof typeof dashboards, title: string, cluster = '.*', label?: string) => {
    const expr = exprOf(dashboard, title);
    const answers = await askInstant(url, substitute(expr, cluster), time);
    if (label !== undefined) return answers.map(({ metric }) => metric[label]).sort();
    expect(answers.length).toBeLessThan(2);
    return answers[0]?.value;
  };

  test('the panels of the seed show what is true of a run in flight, failed, resumed, stuck, and ended', async ({
    skip,
  }) => {
    if (missing !== undefined) return skip(missing);
    const step = (cluster: string) => show('installation', 'Current Step', cluster, 'step');
    expect(await step('flying')).toEqual(['cluster_create']);
    expect(await step('stuck')).toEqual(['pods_ready']);
    for (const cluster of ['failed', 'resumed', 'finished', 'deleted', 'reset'])
      expect(await step(cluster)).toEqual([]);

    const duration = (cluster: string) => show('installation', 'Installation Duration', cluster);
    expect(await duration('flying')).toBeCloseTo(120, 2);
    expect(await duration('failed')).toBeCloseTo(100, 2);
    expect(await duration('resumed')).toBeCloseTo(150, 2);
    expect(await duration('stuck')).toBeCloseTo(1200, 2);
    expect(await duration('finished')).toBeCloseTo(300, 2);
    for (const cluster of ['deleted', 'reset']) expect(await duration(cluster)).toBeUndefined();

    const failures = (cluster: string) => show('installation', 'Failure Count', cluster);
    for (const cluster of ['flying', 'resumed', 'stuck', 'finished']) expect(await failures(cluster)).toBe(0);
    expect(await failures('failed')).toBe(1);
    for (const cluster of ['deleted', 'reset']) expect(await failures(cluster)).toBeUndefined();

    const steps = await askRange(url, substitute(exprOf('installation', 'Step Progress'), 'failed'), {
      from: time - 600,
      to: time,
      step: 60,
    });
    expect(Object.fromEntries(steps.map(({ metric, value }) => [metric.step, value]))).toEqual({
      preflight: 2,
      cluster_create: 3,
      manifests_apply: 0,
      pods_ready: 0,
      services_verify: 0,
      metrics_seed: 0,
    });
    // Ten minutes after the last sample the state still stands.
    expect(steps.every(({ points }) => points === 11)).toBe(true);
  });

  test('state, progress, time left and sign of life are those of the latest run', async ({ skip }) => {
    if (missing !== undefined) return skip(missing);
    const states = await Promise.all(CLUSTERS.map((cluster) => show('installation', 'Run', cluster)));
    expect(states).toEqual([1, 3, 2, 1, 2]);
    const progress = await Promise.all(CLUSTERS.map((cluster) => show('installation', 'Progress', cluster)));
    [1 / 6, 1 / 6, 1, 3 / 6, 1].forEach((share, index) => {
      expect(progress[index]).toBeCloseTo(share, 5);
    });
    expect(await show('installation', 'Time Left', 'flying')).toBeCloseTo(180, 2);
    expect(await show('installation', 'Time Left', 'finished')).toBeUndefined();
    expect(await show('installation', 'Sign of Life', 'flying')).toBeCloseTo(20, 2);
    expect(await show('installation', 'Sign of Life', 'stuck')).toBeCloseTo(900, 2);
    expect(await show('installation', 'Sign of Life', 'finished')).toBeUndefined();
  });

  test('the fleet counts installations, and its rates are those of the recorded runs', async ({ skip }) => {
    if (missing !== undefined) return skip(missing);
    expect(await show('fleet', 'Installations')).toBe(5);
    expect(await show('fleet', 'In Progress')).toBe(2);
    expect(await show('fleet', 'Failed')).toBe(1);
    expect(await show('fleet', 'Stuck')).toBe(1);
    // Ended: 3 successes; 4 failures, of runs closed since, too.
    expect(await show('fleet', 'Success Rate')).toBeCloseTo(3 / 7, 5);
    expect(await show('fleet', 'Mean Time')).toBeCloseTo((300 + 150 + 300) / 3, 5);
    expect(await show('fleet', 'p95 Time, Slowest')).toBeCloseTo(300, 5);
    const versions = targetsOf('fleet', 'Installations', 'table').at(-1);
    const rows = await askInstant(url, substitute(versions?.expr ?? '', '.*'), time);
    expect(Object.fromEntries(rows.map(({ metric }) => [metric.cluster, metric.version]))).toMatchObject({
      flying: '1.1.0',
      finished: '1.0.0',
    });
  });

  test('shares of requests, checksums and rejections are those recorded', async ({ skip }) => {
    if (missing !== undefined) return skip(missing);
    expect(await show('resilience', 'Network Timeouts')).toBeCloseTo(0.04, 5);
    expect(await show('resilience', 'Checksum Failures')).toBeCloseTo(0.04, 5);
    expect(await show('resilience', 'Breaker Rejections')).toBeCloseTo(0.1, 5);
    expect(await show('resilience', 'Retries')).toBe(6);
    expect(await show('resilience', 'Open Breakers')).toBe(1);
  });
});

interface Question {
  where: string;
  expr: string;
  kind: 'instant' | 'range';
}

/** Every PromQL of a dashboard: panels and marks. */
function questionsOf(name: string, dashboard: Dashboard): Question[] {
  const marks = (dashboard.annotations.list ?? []).map((mark): Question => {
    return { where: `${name}, mark ${mark.name}`, expr: mark.expr ?? '', kind: 'range' };
  });
  const panels = panelsOf(dashboard).flatMap((panel) =>
    ((panel.targets ?? []) as (Target & { instant?: boolean })[])
      .filter(({ datasource }) => datasource?.type === 'prometheus')
      .map((target): Question => {
        const where = `${name}, ${panel.type} ${panel.title} ${target.refId}`;
        return { where, expr: target.expr ?? '', kind: target.instant ? 'instant' : 'range' };
      }),
  );
  return [...panels, ...marks];
}

function targetsOf(dashboard: keyof typeof dashboards, title: string, type?: string): Target[] {
  const panels = panelsOf(dashboards[dashboard] as Dashboard);
  const panel = panels.find((one) => one.title === title && (type === undefined || one.type === type));
  return (panel?.targets ?? []) as Target[];
}

function exprOf(dashboard: keyof typeof dashboards, title: string): string {
  const expr = targetsOf(dashboard, title)[0]?.expr;
  if (expr === undefined) throw new Error(`no panel ${title} in ${dashboard}`);
  return expr;
}

function substitute(expr: string, cluster: string): string {
  const values: Record<string, string> = {
    cluster,
    plan: cluster === '.*' ? '.*' : 'create-cluster',
    lookback: LOOKBACK,
    __interval: '1h',
  };
  return expr.replaceAll(/\$(\w+)/g, (_all, name: string) => {
    const value = values[name];
    if (value === undefined) throw new Error(`$${name} has no value here`);
    return value;
  });
}
