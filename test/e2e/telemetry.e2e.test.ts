import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { StepRecord } from '../../src/engine/record.ts';
import { type Ground, makeGround } from '../support/cli.ts';
import { findFreePort } from '../support/free-port.ts';
import { startGrafanaApi } from '../support/grafana-api.ts';
import { missingPrograms } from '../support/programs.ts';
import { MIMIR, PUSHGATEWAY, startMimir, startPushgateway } from '../support/servers/backends.ts';
import { type Collector, startCollector } from '../support/servers/collector.ts';
import type { RunningServer } from '../support/servers/start-server.ts';
import { covers } from './interface.ts';

const missing = missingPrograms(...MIMIR, 'otelcol');
const PLAN =
  'name: shop\nsteps:\n  - id: fetch\n    run: echo got it\n    check: test -f done\n  - id: build\n    run: touch done\n';
const TENANT = 'team-a';

describe.skipIf(missing !== undefined)(`telemetry${missing === undefined ? '' : `: ${missing}`}`, () => {
  let mimir: RunningServer;
  let collector: Collector;
  beforeAll(async () => {
    [mimir, collector] = await Promise.all([startMimir({ multitenancy: true }), startCollector()]);
  });
  afterAll(() => Promise.all([mimir?.stop(), collector?.stop()]));

  /** Each test writes to a cluster of its own: the server remembers. */
  const planIn = (ground: Ground) => {
    const path = join(ground.folder, 'shop.yaml');
    writeFileSync(path, PLAN);
    return path;
  };
  const statePath = (ground: Ground, cluster: string) => join(ground.home, 'state', cluster, 'shop/install-state.json');
  const stepsOf = (ground: Ground, cluster: string) =>
    (JSON.parse(readFileSync(statePath(ground, cluster), 'utf8')) as { steps: Record<string, StepRecord> }).steps;
  const push = () => `${mimir.url}/api/v1/push`;
  const query = () => `${mimir.url}/prometheus`;

  test(`what is recorded is what the backend holds ${covers('CONTEXTCORE_REMOTE_WRITE_URL', 'CONTEXTCORE_TENANT', 'telemetry status')}`, async () => {
    const ground = makeGround();
    const env = { CONTEXTCORE_REMOTE_WRITE_URL: push(), CONTEXTCORE_TENANT: TENANT };
    const run = await ground.install(['run', planIn(ground), '--cluster', 'exact'], { env });
    expect(run.exitCode, run.stderr).toBe(0);
    const flushed = await ground.install(['telemetry', 'flush', 'shop', '--cluster', 'exact'], { env });
    expect(flushed.exitCode, flushed.stderr).toBe(0);
    const status = await ground.install(['telemetry', 'status', 'shop', '--cluster', 'exact'], { env });
    expect(status.stdout).toMatch(/samples: 0 wait .* 0 rejected, 0 expired/);
    const samples = await samplesOf('contextcore_install_step_status{cluster="exact"}[1h]');
    for (const [step, record] of Object.entries(stepsOf(ground, 'exact'))) {
      expect(samples.get(step)).toContainEqual([Date.parse(record.started_at ?? '') / 1000, '1']);
      expect(samples.get(step)).toContainEqual([Date.parse(record.completed_at ?? '') / 1000, '2']);
    }
  });

  test(`a dead backend changes nothing; what waits is delivered later ${covers('--remote-write-url', '--tenant', 'telemetry flush', 'exit 7')}`, async () => {
    const ground = makeGround();
    const dead = `http://127.0.0.1:${await findFreePort()}/api/v1/push`;
    const run = await ground.install(['run', planIn(ground), '--cluster', 'later', '--remote-write-url', dead]);
    expect(run.exitCode, run.stderr).toBe(0);
    expect(run.stderr).toContain('contextcore-install telemetry flush shop --cluster later\n');
    const args = ['telemetry', 'flush', 'shop', '--cluster', 'later'];
    expect((await ground.install([...args, '--remote-write-url', dead, '--timeout', '3s'])).exitCode).toBe(7);
    const flushed = await ground.install([...args, '--remote-write-url', push(), '--tenant', TENANT]);
    expect(flushed.exitCode, flushed.stderr).toBe(0);
    expect((await samplesOf('contextcore_install_step_status{cluster="later"}[1h]')).size).toBe(2);
  });

  test(`a Pushgateway is told how it stands ${covers('--pushgateway-url', 'CONTEXTCORE_PUSHGATEWAY_URL')}`, async ({
    skip,
  }) => {
    const lacking = missingPrograms(...PUSHGATEWAY);
    if (lacking !== undefined) return skip(lacking);
    const gateway = await startPushgateway();
    onTestFinished(() => gateway.stop());
    const ground = makeGround();
    const plan = planIn(ground);
    const env = { CONTEXTCORE_PUSHGATEWAY_URL: gateway.url };
    expect((await ground.install(['run', plan, '--cluster', 'gate'], { env })).exitCode).toBe(0);
    expect((await ground.install(['telemetry', 'flush', 'shop', '--cluster', 'gate'], { env })).exitCode).toBe(0);
    const byFlag = await ground.install([
      'reset',
      plan,
      '--cluster',
      'gate',
      '--yes',
      '--pushgateway-url',
      gateway.url,
    ]);
    expect(byFlag.exitCode, byFlag.stderr).toBe(0);
    expect((await ground.install(['telemetry', 'flush', 'shop', '--cluster', 'gate'], { env })).exitCode).toBe(0);
    const text = await (await fetch(`${gateway.url}/metrics`)).text();
    expect(text).toMatch(/^contextcore_install_step_status\{.*cluster="gate".*step="build"\} 2$/m);
    expect(text).toMatch(/^contextcore_install_run_status\{.*cluster="gate".*\} 8$/m);
  });

  test(`a lost state is rebuilt, and nothing of it trusted unseen ${covers('rebuild-state', 'rebuild-state --from', 'CONTEXTCORE_QUERY_URL')}`, async () => {
    const ground = makeGround();
    const plan = planIn(ground);
    const env = { CONTEXTCORE_REMOTE_WRITE_URL: push(), CONTEXTCORE_TENANT: TENANT };
    expect((await ground.install(['run', plan, '--cluster', 'lost'], { env })).exitCode).toBe(0);
    expect((await ground.install(['telemetry', 'flush', 'shop', '--cluster', 'lost'], { env })).exitCode).toBe(0);
    rmSync(join(ground.home, 'state/lost'), { recursive: true });
    const args = ['rebuild-state', '--cluster', 'lost', '--plan', 'shop', '--yes'];
    const nowhere = await ground.install([...args, '--from', `http://127.0.0.1:${await findFreePort()}`], { env });
    expect(nowhere.exitCode, nowhere.stderr).toBe(7);
    expect(existsSync(statePath(ground, 'lost'))).toBe(false);
    const rebuilt = await ground.install([...args, '--from', query()], { env });
    expect(rebuilt.exitCode, rebuilt.stderr).toBe(0);
    expect(stepsOf(ground, 'lost')).toMatchObject({
      fetch: { status: 'completed', verified: false },
      build: { status: 'completed', verified: false },
    });
    rmSync(join(ground.home, 'state/lost'), { recursive: true });
    const fromVariable = await ground.install(args, { env: { ...env, CONTEXTCORE_QUERY_URL: query() } });
    expect(fromVariable.exitCode, fromVariable.stderr).toBe(0);
  });

  test(`spans reach a collector, or files, or nobody ${covers('OTEL_EXPORTER_OTLP_*', 'OTEL_SDK_DISABLED', '--otlp-file')}`, async () => {
    const ground = makeGround();
    const plan = planIn(ground);
    const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url };
    const traced = await ground.install(['run', plan, '--cluster', 'traced'], { env });
    expect(traced.exitCode, traced.stderr).toBe(0);
    expect((await ground.install(['telemetry', 'flush', 'shop', '--cluster', 'traced'], { env })).exitCode).toBe(0);
    const files = join(ground.folder, 'otlp');
    const kept = await ground.install(['run', plan, '--cluster', 'kept', '--otlp-file', files]);
    expect(kept.exitCode, kept.stderr).toBe(0);
    const written = readdirSync(files).map((name) => readFileSync(join(files, name), 'utf8'));
    expect(written.join('')).toContain('RUN shop');
    const off = await ground.install(['run', plan, '--cluster', 'off'], { env: { ...env, OTEL_SDK_DISABLED: 'true' } });
    expect(off.exitCode, off.stderr).toBe(0);
    const offState = JSON.parse(readFileSync(statePath(ground, 'off'), 'utf8')) as { traceparent?: string };
    expect(offState.traceparent).toBeUndefined();
  });

  test(`dashboards and alerts are put into servers that are there ${covers('dashboards push', 'alerts push')}`, async () => {
    const ground = makeGround();
    const grafana = await startGrafanaApi('secret-token');
    onTestFinished(() => grafana.close());
    const args = ['dashboards', 'push', '--url', grafana.url];
    const env = { GRAFANA_TOKEN: 'secret-token' };
    const dry = await ground.install([...args, '--dry-run'], { env });
    expect(dry.exitCode, dry.stderr).toBe(0);
    expect(grafana.dashboards.size).toBe(0);
    expect((await ground.install(args, { env })).stdout.match(/^create/gm)).toHaveLength(3);
    expect((await ground.install(args, { env })).stdout.match(/^keep/gm)).toHaveLength(3);
    const rules = ['alerts', 'push', '--url', mimir.url, '--tenant', 'team-rules'];
    expect((await ground.install(rules)).stdout).toMatch(/^create /);
    expect((await ground.install([...rules, '--json'])).stdout).toContain('"action":"keep"');
    expect((await ground.install(['alerts', 'push'])).exitCode).toBe(2);
  });

  /** Values of each series by its label `step`, in the order of their times in seconds. */
  async function samplesOf(selector: string): Promise<Map<string, [number, string][]>> {
    const answer = await fetch(`${query()}/api/v1/query?query=${encodeURIComponent(selector)}`, {
      headers: { 'X-Scope-OrgID': TENANT },
    });
    const { data } = (await answer.json()) as {
      data: { result: { metric: { step: string }; values: [number, string][] }[] };
    };
    return new Map(data.result.map(({ metric, values }) => [metric.step, values]));
  }
});
