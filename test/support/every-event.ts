import type { EngineEvent } from '../../src/engine/events.ts';
import { START, STEPS } from './recorded-runs.ts';

const at = START;
const step = 'pods_ready';
const target = { kind: 'registry', name: 'docker.io' } as const;
const error = { code: 'step_failed', message: 'exit 1', hint: 'look', log: '/logs/pods_ready.1.log', class: 'unknown' };

/** One of each type, with every field that it can have; the compiler sees to it that none is missing. */
const SAMPLES: { [Type in EngineEvent['type']]: Required<Extract<EngineEvent, { type: Type }>> } = {
  run_started: {
    type: 'run_started',
    at,
    runId: 'r2',
    plan: 'create-cluster',
    planHash: '5f2b',
    cluster: 'o11y-dev',
    mode: 'resume',
    provider: 'kind',
    previousRunId: 'r1',
    previousTraceparent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01',
    steps: STEPS,
    recorded: { preflight: 'completed', pods_ready: 'in_progress' },
  },
  step_started: { type: 'step_started', at, step },
  step_recorded: {
    type: 'step_recorded',
    at,
    step,
    status: 'completed',
    attempts: 2,
    startedAt: START - 5,
    durationMs: 5,
  },
  step_observed: { type: 'step_observed', at, step, state: 'unhealthy', reason: 'a pod crashes', phase: 'before' },
  attempt_started: { type: 'attempt_started', at, step, attempt: 1, action: 'repair', log: '/logs/pods_ready.1.log' },
  attempt_failed: { type: 'attempt_failed', at, step, attempt: 1, error, retryInMs: 500 },
  step_progress: { type: 'step_progress', at, step, message: 'pods', done: 2, total: 3, item: 'loki-0' },
  child_started: { type: 'child_started', at, step, attempt: 1, pid: 12, program: 'kubectl' },
  child_finished: {
    type: 'child_finished',
    at,
    step,
    attempt: 1,
    pid: 12,
    program: 'kubectl',
    exitCode: null,
    signal: 'SIGKILL',
  },
  step_finished: {
    type: 'step_finished',
    at,
    step,
    status: 'failed',
    action: 'apply',
    attempts: 2,
    durationMs: 1,
    reason: 'absent',
    error,
    outputs: { nodePort: 3000, ready: true, camelCase: 'stays' },
  },
  target_tried: {
    type: 'target_tried',
    at,
    step,
    stepAttempt: 1,
    target,
    attempt: 1,
    durationMs: 40,
    elapsedMs: 40,
    class: 'rate_limited',
    message: '429 Too Many Requests',
    retryInMs: 500,
    requests: [
      {
        method: 'HEAD',
        url: 'https://registry-1.docker.io/v2/grafana/loki/manifests/3.7.8',
        status: 429,
        startedAt: START - 40,
        endedAt: START,
      },
    ],
  },
  target_rejected: { type: 'target_rejected', at, step, stepAttempt: 1, target },
  breaker_changed: { type: 'breaker_changed', at, step, stepAttempt: 1, target, state: 'open' },
  fallback_taken: { type: 'fallback_taken', at, step, stepAttempt: 1, target, to: 'registry:quay.io', verified: true },
  checksum_compared: { type: 'checksum_compared', at, step, stepAttempt: 1, target, ok: false },
  notice: { type: 'notice', at, level: 'warning', message: 'the clock is 3 s off', step },
  run_finished: { type: 'run_finished', at, runId: 'r2', result: 'failure', durationMs: 9, error },
};
export const EVERY_EVENT: readonly EngineEvent[] = Object.values(SAMPLES);
