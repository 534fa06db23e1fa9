import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { EngineEvent } from '../../src/engine/events.ts';
import { createReporter } from '../../src/ui/reporter.ts';
import { EVERY_EVENT } from '../support/every-event.ts';
import { SCENES, START } from '../support/recorded-runs.ts';
import { collectOutput } from '../support/terminal.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'Date'], now: START });
});
afterEach(() => {
  vi.useRealTimers();
});

async function linesOf(
  events: readonly EngineEvent[],
  options: { verbose?: boolean; kind?: 'plain' | 'quiet' } = {},
): Promise<string[]> {
  const stream = collectOutput();
  const estimates = (step: string) => (step === 'pods_ready' ? 40_000 : undefined);
  const reporter = createReporter({
    kind: 'plain',
    stream,
    stdout: collectOutput(),
    columns: 80,
    color: false,
    estimates,
    ...options,
  });
  for (const event of events) {
    vi.advanceTimersByTime(Math.max(0, event.at - Date.now()));
    reporter.listener(event);
  }
  await reporter.finish();
  return stream.text === '' ? [] : stream.text.trimEnd().split('\n');
}

describe('plain lines', () => {
  test('one for each change', async () => {
    expect(await linesOf(SCENES.failure())).toEqual([
      'create-cluster · o11y-dev · kind · 6 steps',
      'preflight        started',
      'preflight        14 checks',
      'preflight        done in 1.2s',
      'cluster_create   started',
      '· cluster_create: kubectl v1.34.1 was found on the PATH',
      'cluster_create   starting the node',
      'cluster_create   images 1/3: grafana/mimir',
      'cluster_create   images 2/3: grafana/loki',
      'cluster_create   done in 17s',
      'manifests_apply  started',
      'manifests_apply  done in 3.1s',
      'pods_ready       started, usually 40s',
      'pods_ready       pods 0/3: loki-0 ContainerCreating',
      'pods_ready       pods 2/3: loki-0 ContainerCreating',
      'pods_ready       attempt 1 failed: no answer from the API server in 10 s; again in 6.0s',
      'pods_ready       attempt 2: pods 2/3: loki-0 CrashLoopBackOff',
      'pods_ready       failed after 27s, 2 attempts',
      'services_verify  not started: needs pods_ready',
      'metrics_seed     not started: needs services_verify',
      '✗ failed after 48s: 3 of 6 steps done',
    ]);
  });

  test('what a resume trusts is one line', async () => {
    expect((await linesOf(SCENES.interrupted())).slice(0, 3)).toEqual([
      'create-cluster · o11y-dev · kind · resume · 6 steps',
      '3 steps done before',
      'pods_ready       started, usually 40s',
    ]);
  });

  test('progress that changes all the time is told every five seconds, and its last word is not lost', async () => {
    const start = SCENES.install()[0] as EngineEvent;
    const progress = Array.from(
      { length: 2000 },
      (_, index): EngineEvent => ({
        type: 'step_progress',
        at: START + index * 10,
        step: 'pods_ready',
        message: `tick ${index}`,
      }),
    );
    const later: EngineEvent = { type: 'notice', at: START + 40_000, level: 'info', message: 'later' };
    const lines = (await linesOf([start, ...progress, later])).filter((line) => line.includes('tick'));
    expect(lines.length).toBeLessThanOrEqual(6);
    expect(lines.at(-1)).toContain('tick 1999');
  });

  test('a step that is silent is heard of every minute', async () => {
    const start = SCENES.install()[0] as EngineEvent;
    const begun: EngineEvent = { type: 'attempt_started', at: START, step: 'pods_ready', attempt: 1, action: 'apply' };
    const later: EngineEvent = { type: 'notice', at: START + 185_000, level: 'info', message: 'later' };
    const lines = (await linesOf([start, begun, later])).filter((line) => line.includes('still running'));
    expect(lines).toEqual([1, 2, 3].map((minute) => `pods_ready       still running after ${minute}m00s`));
  });

  test('nothing is written into a question', async () => {
    const stream = collectOutput();
    const reporter = createReporter({ kind: 'plain', stream, stdout: collectOutput(), columns: 80, color: false });
    reporter.pause();
    for (const event of SCENES.install()) reporter.listener(event);
    expect(stream.text).toBe('');
    reporter.resume();
    expect(stream.text).toContain('preflight        done in 1.2s');
  });

  test('more with --verbose: what was seen, logs, ended children', async () => {
    const text = (await linesOf([...EVERY_EVENT], { verbose: true })).join('\n');
    expect(text).toContain('looks unhealthy: a pod crashes');
    expect(text).toContain('repair, attempt 1, log /logs/pods_ready.1.log');
    expect(text).toContain('kubectl (pid 12) ended with SIGKILL');
  });

  test('escape sequences of others never reach the terminal', async () => {
    const start = SCENES.install()[0] as EngineEvent;
    const evil: EngineEvent[] = [
      { type: 'step_progress', at: START, step: 'pods_ready', message: '\u001b]0;title\u0007\u001b[2Jcleared\r\nnext' },
      { type: 'notice', at: START, level: 'warning', message: '\u001b[31mred\u009b5m' },
    ];
    const text = (await linesOf([start, ...evil])).join('\n');
    expect(text).not.toMatch(/[^\P{Cc}\n]/u);
    expect(text).toContain('cleared next');
  });
});

describe('quiet', () => {
  test('says nothing about a run that goes well', async () => {
    expect(await linesOf(SCENES.install(), { kind: 'quiet' })).toEqual([]);
  });

  test('tells warnings, and failures that no error tells', async () => {
    const warning: EngineEvent = { type: 'notice', at: START, level: 'warning', message: 'the clock is off' };
    expect(await linesOf([warning, ...SCENES.thousands()], { kind: 'quiet' })).toEqual([
      '! the clock is off',
      '✗ task_0041 (optional): exit 1',
      '  log: /logs/task_0041.1.log',
    ]);
  });
});
