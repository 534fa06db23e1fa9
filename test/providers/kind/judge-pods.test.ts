import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { judgePods } from '../../../src/providers/kind/judge-pods.ts';
import type { KubeObject } from '../../../src/providers/kind/kubectl.ts';
import { isPod, isVolumeClaim, isWorkload, type Pod } from '../../../src/providers/kind/pod-shapes.ts';

/** Captured with `kubectl get pods,pvc,deployments -o json` from a cluster with one deployment for each kind of trouble. */
function readCaptured(name: string) {
  const url = new URL(`captured/${name}.json`, import.meta.url);
  const { captured_at, items } = JSON.parse(readFileSync(url, 'utf8')) as { captured_at: string; items: KubeObject[] };
  const live = {
    workloads: items.filter(isWorkload),
    pods: items.filter(isPod),
    claims: items.filter(isVolumeClaim),
  };
  return { live, nowMs: Date.parse(captured_at) };
}

const troubled = readCaptured('troubled-pods');
const young = readCaptured('young-pods');

function judge(app: string, { live, nowMs } = troubled, laterMs = 0) {
  const wanted = live.workloads.filter(({ metadata }) => metadata.name === app);
  return judgePods(wanted, live, nowMs + laterMs);
}

describe('after half a minute', () => {
  test.each([
    ['image', 'image', /^(ErrImagePull|ImagePullBackOff): .*registry\.invalid/],
    ['crash', 'crash', /^main crashed with exit code 3, restarted 2 times$/],
    ['memory', 'memory', /^main was killed for using more memory than its limit$/],
    ['config', 'configuration', /^CreateContainerConfigError: configmap "none" not found$/],
    ['unschedulable', 'unschedulable', /^cannot be scheduled: .*Insufficient cpu/],
  ])('%s: waiting cannot help', (app, kind, reason) => {
    const { ready, failures } = judge(app);
    expect(ready).toBe(false);
    expect(failures).toEqual([expect.objectContaining({ kind, namespace: 'default' })]);
    expect(failures[0]?.reason).toMatch(reason);
    expect(failures[0]?.pod).toMatch(new RegExp(`^${app}-`));
  });

  test('a pod that runs and is not ready is waited for', () => {
    expect(judge('unready')).toMatchObject({ ready: false, failures: [], done: 0, total: 1 });
    expect(judge('unready').waiting[0]).toMatch(/^unready-.*: running, not ready yet$/);
  });

  test('a ready pod of a settled workload is ready', () => {
    expect(judge('fine')).toMatchObject({ ready: true, waiting: [], failures: [], missing: [], done: 1, total: 1 });
  });
});

describe('graces', () => {
  test.each(['image', 'config', 'unschedulable', 'volume'])('%s: no verdict in the first seconds', (app) => {
    expect(judge(app, young)).toMatchObject({ ready: false, failures: [] });
  });

  test('memory does not come back by waiting: no grace', () => {
    expect(judge('memory', young).failures).toEqual([expect.objectContaining({ kind: 'memory' })]);
  });

  test('a pending claim is a failure after a minute, and named', () => {
    expect(judge('volume').failures).toEqual([]);
    const [failure] = judge('volume', troubled, 60_000).failures;
    expect(failure).toMatchObject({ kind: 'volume', reason: 'volume claim d is pending' });
  });

  test.each([
    '0/1 nodes are available: 1 node(s) had untolerated taint {node.kubernetes.io/not-ready: }.',
    '0/1 nodes are available: 1 node(s) had untolerated taint(s). no new claims to deallocate, preemption: 0/1 nodes are available: 1 Preemption is not helpful for scheduling.',
  ])('a node that is not ready yet gets longer than a full one: %s', (message) => {
    const pods = young.live.pods.map((pod) => withMessage(pod, message));
    const patient = { ...young, live: { ...young.live, pods } };
    expect(judge('unschedulable', patient, 60_000).failures).toEqual([]);
    expect(judge('unschedulable', patient, 300_000).failures).toHaveLength(1);
  });

  test('a taint that has another name is no matter of patience', () => {
    const pods = young.live.pods.map((pod) =>
      withMessage(
        pod,
        '0/1 nodes are available: 1 node(s) had untolerated taint {node.kubernetes.io/disk-pressure: }.',
      ),
    );
    expect(judge('unschedulable', { ...young, live: { ...young.live, pods } }, 60_000).failures).toHaveLength(1);
  });
});

describe('workloads', () => {
  test('one that does not exist is missing, whatever else runs', () => {
    const gone = { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'gone', namespace: 'default' } };
    const wanted = [...troubled.live.workloads.filter(({ metadata }) => metadata.name === 'fine'), gone];
    const verdict = judgePods(wanted, troubled.live, troubled.nowMs);
    expect(verdict).toMatchObject({ ready: false, missing: [gone], done: 1, total: 2 });
    expect(verdict.waiting).toEqual(['Deployment default/gone does not exist']);
  });

  test('one whose change has not been taken up yet is not ready, though its old pod is', () => {
    const workloads = troubled.live.workloads.map((workload) => ({
      ...workload,
      metadata: { ...workload.metadata, generation: 2 },
    }));
    const verdict = judge('fine', { ...troubled, live: { ...troubled.live, workloads } });
    expect(verdict).toMatchObject({ ready: false, failures: [], waiting: ['Deployment default/fine: rolling out'] });
  });

  test('a pod that is going away does not count', () => {
    const pods = troubled.live.pods.map((pod) => ({
      ...pod,
      metadata: { ...pod.metadata, deletionTimestamp: '2026-11-21T08:12:00Z' },
    }));
    expect(judge('crash', { ...troubled, live: { ...troubled.live, pods } })).toMatchObject({ failures: [], done: 0 });
  });
});

function withMessage(pod: Pod, message: string): Pod {
  const conditions = pod.status?.conditions?.map((one) => (one.type === 'PodScheduled' ? { ...one, message } : one));
  return { ...pod, status: { ...pod.status, ...(conditions === undefined ? {} : { conditions }) } };
}
