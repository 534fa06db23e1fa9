import { METRICS } from '../../src/telemetry/names.ts';
import { closeRun, createRecording, type PlayedStep, playRun, type Recording } from './recorded-telemetry.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** Ids of the six steps with seconds for each: 300 in all. */
const GOOD: readonly PlayedStep[] = [
  { id: 'preflight', seconds: 10 },
  { id: 'cluster_create', seconds: 110 },
  { id: 'manifests_apply', seconds: 30 },
  { id: 'pods_ready', seconds: 120 },
  { id: 'services_verify', seconds: 20 },
  { id: 'metrics_seed', seconds: 10 },
];

/** The good steps, with others from the given one on. */
function until(id: string, ...changed: readonly PlayedStep[]): readonly PlayedStep[] {
  const index = GOOD.findIndex((step) => step.id === id);
  const rest = GOOD.slice(index + changed.length).map((step) => ({
    id: step.id,
    seconds: 0,
    status: 'pending' as const,
  }));
  return [...GOOD.slice(0, index), ...changed, ...rest];
}

/**
 * Seven clusters, each with one story, as seen at `now` (milliseconds):
 * `flying` in flight for 2 minutes (an earlier installation was deleted), `failed` 20 minutes ago, `resumed` after a failure and successful, `stuck` without
 * a sign of life for 15 minutes, `finished` an hour ago, `deleted` after a failure, `reset` while it ran.
 */
export function recordFleet(now: number): Recording {
  const to = createRecording();
  const ago = (ms: number) => now - ms;
  playRun(to, { cluster: 'flying', start: ago(48 * HOUR), steps: GOOD, result: 'success' });
  closeRun(to, 'flying', 'deleted', ago(24 * HOUR));
  playRun(to, {
    cluster: 'flying',
    start: ago(2 * MINUTE),
    steps: until('cluster_create', { id: 'cluster_create', seconds: 60, status: 'in_progress', attempts: 1 }),
    until: ago(20 * SECOND),
    version: '1.1.0',
  });
  playRun(to, {
    cluster: 'failed',
    start: ago(20 * MINUTE),
    steps: until('cluster_create', { id: 'cluster_create', seconds: 90, status: 'failed', attempts: 3 }),
    result: 'failure',
  });
  playRun(to, {
    cluster: 'resumed',
    start: ago(30 * MINUTE),
    steps: until('pods_ready', { id: 'pods_ready', seconds: 200, status: 'failed' }),
    result: 'failure',
  });
  // Only what was left is played again.
  playRun(to, { cluster: 'resumed', start: ago(20 * MINUTE), steps: GOOD.slice(3), result: 'success' });
  playRun(to, {
    cluster: 'stuck',
    start: ago(20 * MINUTE),
    steps: until('pods_ready', { id: 'pods_ready', seconds: 60, status: 'in_progress' }),
    until: ago(15 * MINUTE),
  });
  playRun(to, { cluster: 'finished', start: ago(HOUR + 5 * MINUTE), steps: GOOD, result: 'success' });
  for (const [cluster, how] of [
    ['deleted', 'deleted'],
    ['reset', 'reset'],
  ] as const) {
    const broken = { id: 'manifests_apply', seconds: 15, status: 'failed' } as const;
    playRun(to, { cluster, start: ago(3 * HOUR), steps: until('manifests_apply', broken), result: 'failure' });
    closeRun(to, cluster, how, ago(2 * HOUR));
  }
  recordRequests(to, ago(50 * MINUTE), ago(40 * MINUTE));
  return to;
}

/** 100 requests to a registry of which 4 timed out, 10 breaker rejections, 2 bad checksums of 50, and the rest. */
function recordRequests(to: Recording, from: number, end: number): void {
  const target = { cluster: 'finished', plan: 'create-cluster', target: 'docker.io' };
  const timeout = { ...target, class: 'network_timeout' };
  const counts = [
    [METRICS.requests, target, 100],
    [METRICS.requestErrors, timeout, 4],
    [METRICS.retries, timeout, 6],
    [METRICS.retriesExhausted, timeout, 2],
    [METRICS.exhaustedRuns, target, 1],
    [METRICS.breakerRejections, target, 10],
    [METRICS.fallbacks, target, 3],
    [METRICS.checksumChecks, target, 50],
    [METRICS.checksumFailures, target, 2],
  ] as const;
  // A sample per minute, as while a run lives, and the whole increase at once: what extrapolation changes is small.
  for (let at = from; at <= end; at += MINUTE) {
    const grown = at > from + 2 * MINUTE;
    for (const [metric, labels, count] of counts) to.set(metric, labels, grown ? count : 0, at);
  }
  const run = { cluster: 'finished', plan: 'create-cluster' };
  to.set(METRICS.breakerState, target, 0, from);
  to.set(METRICS.breakerState, target, 2, end);
  for (const metric of [METRICS.samplesRejected, METRICS.samplesExpired, METRICS.samplesReplayed]) {
    for (let at = from; at <= end; at += MINUTE) to.set(metric, run, at > from + 2 * MINUTE ? 5 : 0, at);
  }
}
