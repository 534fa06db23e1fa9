import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { renderPrometheusRules } from '../../src/dashboards/alerts/render.ts';
import { METRICS, RUN_STATUS_VALUES, STEP_STATUS_VALUES } from '../../src/telemetry/names.ts';
import { pushSamples } from '../../src/telemetry/remote-write.ts';
import { type HttpSite, startSite } from '../support/http-site.ts';
import { closeRun, createRecording, type PlayedStep, playRun, type Recording } from '../support/recorded-telemetry.ts';
import { ALERTMANAGER, PROMETHEUS, startAlertmanager, startPrometheus } from '../support/servers/backends.ts';
import { missingPrograms, type RunningServer } from '../support/servers/start-server.ts';

interface Notified {
  status: 'firing' | 'resolved';
  labels: Record<string, string>;
  annotations: Record<string, string>;
}

const STEPS: readonly PlayedStep[] = [
  { id: 'preflight', seconds: 1 },
  { id: 'pods_ready', seconds: 2 },
];
const BROKEN: readonly PlayedStep[] = [
  { id: 'preflight', seconds: 1 },
  { id: 'pods_ready', seconds: 2, status: 'failed' },
];

describe('from samples through Prometheus and Alertmanager to a webhook', async () => {
  const missing = await missingPrograms(PROMETHEUS, ALERTMANAGER);
  const notified: Notified[] = [];
  const servers: RunningServer[] = [];
  let folder = '';
  let site: HttpSite;
  let push = '';

  beforeAll(async () => {
    if (missing !== undefined) return;
    site = await startSite({ '/hook': receive });
    folder = await mkdtemp(join(tmpdir(), 'ccx-rules-'));
    // As committed, but looked at every second.
    const rules = renderPrometheusRules().replaceAll(/interval: \S+/g, 'interval: 1s');
    await writeFile(join(folder, 'rules.yaml'), rules);
    const alertmanager = await startAlertmanager(`${site.url}/hook`);
    servers.push(alertmanager);
    const prometheus = await startPrometheus({
      alertmanager: new URL(alertmanager.url).host,
      rules: [join(folder, 'rules.yaml')],
      evaluationInterval: '1s',
    });
    servers.push(prometheus);
    push = `${prometheus.url}/api/v1/write`;
  });
  afterAll(async () => {
    for (const server of servers) await server.stop();
    if (missing !== undefined) return;
    await site.close();
    await rm(folder, { recursive: true });
  });

  async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    notified.push(...(JSON.parse(Buffer.concat(chunks).toString()) as { alerts: Notified[] }).alerts);
    response.end();
  }

  /** Waits until the webhook has heard of it. */
  async function hear(status: Notified['status'], alertname: string, cluster: string): Promise<Notified> {
    const deadline = Date.now() + 60_000;
    while (Date.now() < deadline) {
      const found = notified.find(
        ({ labels, ...one }) => one.status === status && labels.alertname === alertname && labels.cluster === cluster,
      );
      if (found !== undefined) return found;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error(`nobody heard that ${alertname} of ${cluster} is ${status}: ${JSON.stringify(notified)}`);
  }

  /** Plays a run that has just ended. */
  async function pushRun(to: Recording, cluster: string, steps: readonly PlayedStep[], result: 'success' | 'failure') {
    playRun(to, { cluster, start: Date.now() - 4000, steps, result });
    await pushSamples(push, to.series());
  }

  test('a failing install is heard of, and the next good run resolves it', async ({ skip }) => {
    if (missing !== undefined) return skip(missing);
    const to = createRecording();
    await pushRun(to, 'mended', BROKEN, 'failure');
    const alert = await hear('firing', 'InstallStepFailed', 'mended');
    expect(alert.labels).toMatchObject({ severity: 'P1', step: 'pods_ready', plan: 'create-cluster' });
    expect(alert.annotations).toMatchObject({
      summary: 'Step pods_ready of create-cluster failed in cluster mended',
      runbook_url: 'docs/runbooks/InstallStepFailed.md',
    });

    await pushRun(to, 'mended', STEPS, 'success');
    await hear('resolved', 'InstallStepFailed', 'mended');
  });

  test.for(['deleted', 'reset'] as const)('a failing install that is %s then is resolved', async (how, { skip }) => {
    if (missing !== undefined) return skip(missing);
    const to = createRecording();
    await pushRun(to, how, BROKEN, 'failure');
    await hear('firing', 'InstallStepFailed', how);
    closeRun(to, how, how, Date.now());
    expect(to.valueOf(METRICS.runStatus, { cluster: how, plan: 'create-cluster' })).toBe(RUN_STATUS_VALUES[how]);
    const step = { cluster: how, plan: 'create-cluster', step: 'pods_ready' };
    expect(to.valueOf(METRICS.stepStatus, step)).toBe(STEP_STATUS_VALUES.failed);
    await pushSamples(push, to.series());
    await hear('resolved', 'InstallStepFailed', how);
  });
});
