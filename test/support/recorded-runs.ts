import type { EngineEvent, PlanStepInfo } from '../../src/engine/events.ts';

/** Runs as the engine tells them, for tests and for looking at the terminal. */

export const STEPS: readonly PlanStepInfo[] = [
  { id: 'preflight', title: 'Check this machine', needs: [], severity: 'critical' },
  { id: 'cluster_create', title: 'Create the cluster', needs: ['preflight'], severity: 'critical' },
  { id: 'manifests_apply', title: 'Apply the manifests', needs: ['cluster_create'], severity: 'critical' },
  { id: 'pods_ready', title: 'Wait until everything runs', needs: ['manifests_apply'], severity: 'critical' },
  { id: 'services_verify', title: 'Verify the services', needs: ['pods_ready'], severity: 'critical' },
  {
    id: 'metrics_seed',
    title: 'Send a signal through and read it back',
    needs: ['services_verify'],
    severity: 'critical',
  },
];

export const START = Date.parse('2026-03-01T12:00:00.000Z');

type Say = (ms: number, event: { type: EngineEvent['type'] } & Record<string, unknown>) => void;

/** Collects events at times relative to the start of the run. */
function tell(story: (say: Say) => void): EngineEvent[] {
  const events: EngineEvent[] = [];
  story((ms, event) => events.push({ at: START + ms, ...event } as unknown as EngineEvent));
  return events;
}

function start(say: Say, steps: readonly PlanStepInfo[], more: Record<string, unknown> = {}): void {
  const recorded = Object.fromEntries(steps.map(({ id }) => [id, 'pending']));
  say(0, {
    type: 'run_started',
    runId: '20260301t120000000z-1a2b3c4d',
    plan: 'create-cluster',
    planHash: '5f2b',
    cluster: 'o11y-dev',
    provider: 'kind',
    mode: 'run',
    steps,
    recorded,
    ...more,
  });
}

function stepDone(say: Say, step: string, from: number, to: number): void {
  say(to, {
    type: 'step_recorded',
    step,
    status: 'completed',
    attempts: 1,
    startedAt: START + from,
    durationMs: to - from,
  });
  say(to, { type: 'step_finished', step, status: 'completed', action: 'apply', attempts: 1, durationMs: to - from });
}

function begin(say: Say, step: string, at: number): void {
  say(at, { type: 'step_started', step });
  say(at, { type: 'step_recorded', step, status: 'in_progress', attempts: 1, startedAt: START + at });
  say(at, { type: 'step_observed', step, state: 'absent', phase: 'before', reason: 'no such cluster' });
  say(at, { type: 'attempt_started', step, attempt: 1, action: 'apply', log: `/logs/${step}.1.log` });
}

function upToPods(say: Say): void {
  start(say, STEPS);
  begin(say, 'preflight', 10);
  say(20, { type: 'step_progress', step: 'preflight', message: '14 checks' });
  stepDone(say, 'preflight', 10, 1210);
  begin(say, 'cluster_create', 1220);
  say(1300, {
    type: 'notice',
    level: 'info',
    step: 'cluster_create',
    message: 'kubectl v1.34.1 was found on the PATH',
  });
  say(1400, { type: 'child_started', step: 'cluster_create', attempt: 1, pid: 4711, program: 'kind' });
  say(1500, { type: 'step_progress', step: 'cluster_create', message: 'starting the node' });
  for (const [index, image] of ['grafana', 'mimir', 'loki'].entries()) {
    const item = `grafana/${image}`;
    say(6000 + index * 3000, {
      type: 'step_progress',
      step: 'cluster_create',
      message: 'images',
      done: index,
      total: 3,
      item,
    });
  }
  say(18_000, {
    type: 'child_finished',
    step: 'cluster_create',
    attempt: 1,
    pid: 4711,
    program: 'kind',
    exitCode: 0,
    signal: null,
  });
  stepDone(say, 'cluster_create', 1220, 18_200);
  begin(say, 'manifests_apply', 18_210);
  stepDone(say, 'manifests_apply', 18_210, 21_300);
  begin(say, 'pods_ready', 21_310);
  say(22_000, {
    type: 'step_progress',
    step: 'pods_ready',
    message: 'pods',
    done: 0,
    total: 3,
    item: 'loki-0 ContainerCreating',
  });
  say(30_000, {
    type: 'step_progress',
    step: 'pods_ready',
    message: 'pods',
    done: 2,
    total: 3,
    item: 'loki-0 ContainerCreating',
  });
}

function install(): EngineEvent[] {
  return tell((say) => {
    upToPods(say);
    stepDone(say, 'pods_ready', 21_310, 55_000);
    begin(say, 'services_verify', 55_010);
    stepDone(say, 'services_verify', 55_010, 56_400);
    begin(say, 'metrics_seed', 56_410);
    say(56_900, { type: 'step_progress', step: 'metrics_seed', message: 'reading the trace back from Tempo' });
    stepDone(say, 'metrics_seed', 56_410, 59_800);
    say(59_810, { type: 'run_finished', runId: '20260301t120000000z-1a2b3c4d', result: 'success', durationMs: 59_810 });
  });
}

/** The fourth step fails twice, the second time for good. */
function failure(): EngineEvent[] {
  const error = (message: string) => ({
    code: 'step_failed',
    message,
    class: 'network_timeout',
    log: '/logs/pods_ready.1.log',
  });
  return tell((say) => {
    upToPods(say);
    const step = 'pods_ready';
    say(35_000, {
      type: 'attempt_failed',
      step,
      attempt: 1,
      error: error('no answer from the API server in 10 s'),
      retryInMs: 6000,
    });
    say(41_000, { type: 'attempt_started', step, attempt: 2, action: 'apply', log: '/logs/pods_ready.2.log' });
    say(42_000, { type: 'step_progress', step, message: 'pods', done: 2, total: 3, item: 'loki-0 CrashLoopBackOff' });
    const last = error('loki-0 does not start: CrashLoopBackOff, 4 restarts');
    say(48_000, { type: 'attempt_failed', step, attempt: 2, error: last });
    say(48_010, {
      type: 'step_recorded',
      step,
      status: 'failed',
      attempts: 2,
      startedAt: START + 21_310,
      durationMs: 26_700,
    });
    say(48_010, {
      type: 'step_finished',
      step,
      status: 'failed',
      action: 'apply',
      attempts: 2,
      durationMs: 26_700,
      error: last,
    });
    for (const [blocked, need] of [
      ['services_verify', 'pods_ready'],
      ['metrics_seed', 'services_verify'],
    ]) {
      say(48_020, {
        type: 'step_finished',
        step: blocked,
        status: 'pending',
        action: 'none',
        attempts: 0,
        durationMs: 0,
        reason: `needs ${need}`,
      });
    }
    say(48_030, {
      type: 'run_finished',
      runId: '20260301t120000000z-1a2b3c4d',
      result: 'failure',
      durationMs: 48_030,
      error: last,
    });
  });
}

/** A resume that trusts three steps and is interrupted in the fourth. */
function interrupted(): EngineEvent[] {
  return tell((say) => {
    const done = ['preflight', 'cluster_create', 'manifests_apply'];
    const recorded = Object.fromEntries(STEPS.map(({ id }) => [id, done.includes(id) ? 'completed' : 'pending']));
    start(say, STEPS, { mode: 'resume', recorded, previousRunId: 'before' });
    for (const step of done)
      say(5, { type: 'step_finished', step, status: 'completed', action: 'trust', attempts: 0, durationMs: 0 });
    begin(say, 'pods_ready', 10);
    say(1000, { type: 'step_progress', step: 'pods_ready', message: 'pods', done: 1, total: 3 });
    const error = { code: 'interrupted', message: 'stopped by Ctrl-C (SIGINT)', class: 'cancelled' };
    say(2000, { type: 'attempt_failed', step: 'pods_ready', attempt: 1, error });
    say(2000, {
      type: 'step_finished',
      step: 'pods_ready',
      status: 'in_progress',
      action: 'apply',
      attempts: 1,
      durationMs: 1990,
      error,
    });
    say(2010, { type: 'run_finished', runId: 'again', result: 'cancellation', durationMs: 2010, error });
  });
}

/** Thousands of steps, four at a time, one optional failure among them. */
function thousands(): EngineEvent[] {
  const steps = Array.from({ length: 3000 }, (_, index): PlanStepInfo => {
    const id = `task_${String(index + 1).padStart(4, '0')}`;
    return { id, title: `Task ${index + 1}`, needs: [], severity: index === 40 ? 'optional' : 'critical' };
  });
  return tell((say) => {
    start(say, steps, { plan: 'many', provider: undefined });
    for (const [index, { id }] of steps.entries()) {
      const at = Math.max(1, (index - 3) * 5);
      say(at, { type: 'step_started', step: id });
      say(at, { type: 'step_progress', step: id, message: 'copying' });
      const ended = index - 3;
      const before = ended < 0 ? undefined : steps[ended];
      if (before === undefined) continue;
      const failed = ended === 40;
      const error = { code: 'step_failed', message: 'exit 1', log: '/logs/task_0041.1.log' };
      say(at + 4, {
        type: 'step_finished',
        step: before.id,
        status: failed ? 'failed' : 'completed',
        action: 'apply',
        attempts: 1,
        durationMs: 19,
        ...(failed ? { error } : {}),
      });
    }
    for (const { id } of steps.slice(-3)) {
      say(15_100, {
        type: 'step_finished',
        step: id,
        status: 'completed',
        action: 'apply',
        attempts: 1,
        durationMs: 19,
      });
    }
    say(15_100, { type: 'run_finished', runId: 'many', result: 'success', durationMs: 15_100 });
  });
}

export const SCENES = { install, failure, interrupted, thousands } as const;
export type SceneName = keyof typeof SCENES;
