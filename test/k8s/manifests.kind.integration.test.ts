import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { imageRefs } from '../../src/providers/kind/manifests/list-images.ts';
import { findNodeImage, hasImages, hasPrograms, renderManifests } from '../support/kustomize.ts';
import { KIND_COMPONENTS, MANIFESTS_DIR } from '../support/manifests.ts';

const RUNNING = ['mimir', 'loki', 'otel-collector'] as const;
const images = await imageRefs(MANIFESTS_DIR, RUNNING);
const nodeImage = hasPrograms('kind', 'kubectl', 'docker') ? findNodeImage() : undefined;
const cluster = `manifests-${process.pid}`;
const folder = join(tmpdir(), `ccx-test-${cluster}`);
const env = { ...process.env, KUBECONFIG: join(folder, 'kubeconfig') };
const run = (file: string, ...args: string[]) =>
  execFileSync(file, args, { env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 2 ** 26 });
const kubectl = (...args: string[]) => run('kubectl', '-n', 'observability', ...args);
let node = '';
/** For one answer of a busy node. */
const ANSWER_MS = 30_000;
/** For what was sent to be found again. */
const SEEN_MS = 60_000;

async function post(port: number, path: string, body: object): Promise<number> {
  const headers = { 'content-type': 'application/json' };
  const signal = AbortSignal.timeout(ANSWER_MS);
  return (await fetch(`http://${node}:${port}${path}`, { method: 'POST', headers, signal, body: JSON.stringify(body) }))
    .status;
}

async function get(port: number, path: string, query: Record<string, string> = {}) {
  const url = `http://${node}:${port}${path}?${new URLSearchParams(query)}`;
  const response = await fetch(url, { signal: AbortSignal.timeout(ANSWER_MS) });
  return (await response.json()) as { data: { result: { values: [unknown, string][]; stream?: object }[] } };
}

/** Sends one gauge value by OTLP through the collector. */
function sendMetric(name: string, value: number, atMs: number): Promise<number> {
  const dataPoints = [{ asDouble: value, timeUnixNano: `${atMs}000000` }];
  const metrics = [{ name, unit: 's', gauge: { dataPoints } }];
  return post(30418, '/v1/metrics', { resourceMetrics: [{ scopeMetrics: [{ metrics }] }] });
}

async function readValues(query: string): Promise<string[]> {
  const { data } = await get(30909, '/prometheus/api/v1/query', { query });
  return data.result.flatMap(({ values }) => values.map(([, value]) => value));
}

describe.skipIf(nodeImage === undefined || !hasImages(...images))(
  `on a real cluster (needs kind, kubectl, and in Docker a node image and ${images.join(', ')})`,
  () => {
    beforeAll(() => {
      mkdirSync(folder);
      run('kind', 'create', 'cluster', '--name', cluster, '--image', nodeImage ?? '', '--wait', '300s');
      run('kind', 'load', 'docker-image', ...images, '--name', cluster);
      node = run(
        'docker',
        'inspect',
        '-f',
        '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}',
        `${cluster}-control-plane`,
      ).trim();
    });
    afterAll(() => {
      run('kind', 'delete', 'cluster', '--name', cluster);
      rmSync(folder, { recursive: true, force: true });
    });

    it('the chosen components become ready as restricted pods, and then all manifests pass a server-side dry run', async () => {
      const some = join(folder, 'some.yaml');
      writeFileSync(some, await renderManifests(RUNNING));
      run('kubectl', 'apply', '--server-side', '-f', some);
      for (const workload of ['statefulset/mimir', 'statefulset/loki', 'deployment/otel-collector']) {
        kubectl('rollout', 'status', workload, '--timeout=300s');
      }
      const pods = JSON.parse(kubectl('get', 'pods', '-o', 'json')).items;
      expect(pods).toHaveLength(RUNNING.length);
      for (const pod of pods) expect(pod.status.containerStatuses[0]).toMatchObject({ ready: true, restartCount: 0 });
      const all = join(folder, 'all.yaml');
      writeFileSync(all, await renderManifests(KIND_COMPONENTS));
      const answer = run('kubectl', 'apply', '--server-side', '--dry-run=server', '-f', all);
      for (const name of KIND_COMPONENTS)
        expect(answer).toMatch(new RegExp(`^(statefulset|deployment)\\.apps/${name} `, 'm'));
      expect(answer).not.toMatch(/warning/i);
    });

    it('a metric goes through the collector to Mimir, one from 20 hours before it too, and both outlive the pod', async () => {
      const now = Date.now();
      expect(await sendMetric('probe_value', 1, now)).toBe(200);
      await vi.waitFor(async () => expect(await readValues('probe_value_seconds[1d]')).toEqual(['1']), {
        timeout: SEEN_MS,
        interval: 500,
      });
      expect(await sendMetric('probe_value', 2, now - 20 * 3_600_000)).toBe(200);
      const readsBoth = async () => expect(await readValues('probe_value_seconds[1d]')).toEqual(['2', '1']);
      await vi.waitFor(readsBoth, { timeout: SEEN_MS, interval: 500 });
      kubectl('delete', 'pod', 'mimir-0');
      kubectl('rollout', 'status', 'statefulset/mimir', '--timeout=300s');
      await vi.waitFor(readsBoth, { timeout: SEEN_MS, interval: 500 });
    });

    it('a log line goes through the collector to Loki, with its trace id', async () => {
      const traceId = '5b8efff798038103d269b633813fc60c';
      const logRecords = [
        { timeUnixNano: `${Date.now()}000000`, traceId, spanId: 'eee19b7ec3c1b174', body: { stringValue: 'hello' } },
      ];
      const attributes = [{ key: 'service.name', value: { stringValue: 'probe' } }];
      expect(
        await post(30418, '/v1/logs', { resourceLogs: [{ resource: { attributes }, scopeLogs: [{ logRecords }] }] }),
      ).toBe(200);
      const query = `{service_name="probe"} | trace_id="${traceId}"`;
      await vi.waitFor(
        async () => {
          const { data } = await get(30310, '/loki/api/v1/query_range', { query });
          expect(data.result.flatMap(({ values }) => values.map(([, line]) => line))).toEqual(['hello']);
        },
        { timeout: SEEN_MS, interval: 500 },
      );
    });

    it('traces without a backend are taken, and the log of the collector says so once a second at most', async () => {
      const span = { traceId: '5b8efff798038103d269b633813fc60c', spanId: 'eee19b7ec3c1b174', name: 'x', kind: 1 };
      for (let sent = 0; sent < 5; sent++) {
        expect(await post(30418, '/v1/traces', { resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] })).toBe(200);
        // Longer than the collector gathers a batch: each is one of its own.
        await new Promise((resolve) => setTimeout(resolve, 300));
      }
      await vi.waitFor(
        () => {
          const lines = kubectl('logs', 'deployment/otel-collector')
            .split('\n')
            .filter((line) => line.includes('"spans"'));
          expect(lines).not.toHaveLength(0);
          const times = lines.map((line) => Date.parse(line.split('\t')[0] ?? ''));
          for (const [i, time] of times.slice(1).entries()) expect(time - (times[i] ?? 0)).toBeGreaterThanOrEqual(999);
        },
        { timeout: SEEN_MS, interval: 500 },
      );
    });

    it('an alert of the ruler reaches the alertmanager beside it', async () => {
      const body = 'name: probe\ninterval: 1s\nrules: [{alert: Probe, expr: vector(1)}]';
      const headers = { 'content-type': 'application/yaml' };
      const url = `http://${node}:30909/prometheus/config/v1/rules/probe`;
      const { status } = await fetch(url, { method: 'POST', headers, body, signal: AbortSignal.timeout(ANSWER_MS) });
      expect(status).toBe(202);
      await vi.waitFor(
        async () => {
          const alerts = await fetch(`http://${node}:30909/alertmanager/api/v2/alerts`, {
            signal: AbortSignal.timeout(ANSWER_MS),
          });
          expect(await alerts.json()).toEqual([expect.objectContaining({ labels: { alertname: 'Probe' } })]);
        },
        { timeout: 180_000, interval: 1_000 },
      );
    });
  },
);
