import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { EngineEvent } from '../../src/engine/events.ts';
import { createReporter, type Reporter } from '../../src/ui/reporter.ts';
import { SCENES, START } from '../support/recorded-runs.ts';
import { collectOutput, openTestTerminal, type TestTerminal } from '../support/terminal.ts';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'Date'], now: START });
});
afterEach(() => {
  vi.useRealTimers();
});

function open(terminal: TestTerminal, color = false): Reporter {
  return createReporter({ kind: 'live', stream: terminal, stdout: collectOutput(), columns: 80, color });
}

/** Plays events at their times, up to `until` ms after the start. */
function play(reporter: Reporter, events: readonly EngineEvent[], until = Number.POSITIVE_INFINITY, from = -1): void {
  for (const event of events) {
    if (event.at - START > until || event.at - START <= from) continue;
    vi.advanceTimersByTime(Math.max(0, event.at - Date.now()));
    reporter.listener(event);
  }
  if (until !== Number.POSITIVE_INFINITY) vi.advanceTimersByTime(Math.max(0, START + until - Date.now()));
}

describe('the live list', () => {
  test('shows what runs, what it waits for, and what is to come', async () => {
    const terminal = openTestTerminal();
    play(open(terminal), SCENES.install(), 32_000);
    expect((await terminal.screen()).map((line) => line.replace(/[⠀-⣿]/, '*'))).toEqual([
      '· cluster_create: kubectl v1.34.1 was found on the PATH',
      'create-cluster · o11y-dev · kind',
      '',
      '  ✓ Check this machine                      1.2s',
      '  ✓ Create the cluster                      17s',
      '  ✓ Apply the manifests                     3.1s',
      '  * Wait until everything runs              10s',
      '      pods 2/3: loki-0 ContainerCreating',
      '  · Verify the services',
      '  · Send a signal through and read it back',
      '',
      '  3 of 6 done · 31s',
    ]);
  });

  test('leaves one list and the outcome behind', async () => {
    const terminal = openTestTerminal();
    const reporter = open(terminal);
    play(reporter, SCENES.install());
    await reporter.finish();
    const screen = await terminal.screen();
    expect(screen.filter((line) => line.includes('Check this machine'))).toHaveLength(1);
    expect(screen.at(-1)).toBe('  ✓ done: 6 steps in 1m00s');
    expect(screen.join('\n')).not.toMatch(/[⠀-⣿]/);
  });

  test('does not tell the error of the run, which is told by whoever ends it', async () => {
    const terminal = openTestTerminal();
    const reporter = open(terminal);
    play(reporter, SCENES.failure());
    await reporter.finish();
    const screen = await terminal.screen();
    expect(screen.join('\n')).not.toContain('CrashLoopBackOff, 4 restarts');
    expect(screen).toContain('  ✗ Wait until everything runs              failed after 27s, 2 attempts');
    expect(screen).toContain('  · Verify the services                     not started: needs pods_ready');
    expect(screen.at(-1)).toBe('  ✗ failed after 48s: 3 of 6 steps done');
  });

  test('counts down to the next attempt and says why', async () => {
    const terminal = openTestTerminal();
    play(open(terminal), SCENES.failure(), 37_100);
    expect(await terminal.screen()).toContain('      attempt 2 in 4s: no answer from the API server in 10 s');
  });

  test('an interrupted step is neither done nor failed, and trusted ones are told apart', async () => {
    const terminal = openTestTerminal();
    const reporter = open(terminal);
    play(reporter, SCENES.interrupted());
    await reporter.finish();
    const screen = (await terminal.screen()).join('\n');
    expect(screen).toContain('✓ Apply the manifests                     done before');
    expect(screen).toContain('! Wait until everything runs              interrupted after 2.0s');
    expect(screen).toContain('! interrupted after 2.0s: 3 of 6 steps done');
  });

  test('thousands of steps stay inside the screen, with failures and running ones in it', async () => {
    const terminal = openTestTerminal(80, 20);
    const reporter = open(terminal);
    const events = SCENES.thousands();
    play(reporter, events, 9000);
    const screen = await terminal.screen();
    expect(screen.length).toBeLessThan(20);
    expect(screen).toContain('  ✗ Task 41    failed after 0.0s');
    expect(screen.filter((line) => line.includes('copying')).length).toBeGreaterThanOrEqual(3);
    expect(screen.at(-1)).toMatch(/^ {2}\d{4} of 3000 done · 1 failed · 9s$/);
    play(reporter, events, undefined, 9000);
    await reporter.finish();
    const final = (await terminal.screen()).join('\n');
    expect(final).toContain('✗ task_0041 (optional): exit 1');
    expect(final).toContain('✓ done: 2999 of 3000 steps in 15s');
  });

  test('is drawn at most ten times a second, however many events there are', () => {
    const terminal = openTestTerminal();
    let writes = 0;
    const { write } = terminal;
    terminal.write = (text) => {
      writes += 1;
      write(text);
    };
    play(open(terminal), SCENES.thousands(), 10_000);
    expect(writes).toBeGreaterThan(50);
    expect(writes).toBeLessThanOrEqual(100);
  });

  test('writes only lines that differ', () => {
    const terminal = openTestTerminal();
    const reporter = open(terminal);
    play(reporter, SCENES.install(), 31_000);
    const before = terminal.written.length;
    vi.advanceTimersByTime(130);
    const more = terminal.written.slice(before);
    expect(more).toContain('Wait until everything runs');
    expect(more).not.toContain('Check this machine');
  });

  test('makes room for a question, and goes on below it', async () => {
    const terminal = openTestTerminal();
    const reporter = open(terminal);
    const events = SCENES.install();
    play(reporter, events, 1000);
    reporter.pause();
    terminal.write('Go on? [y/N] ');
    play(reporter, events, 1350, 1000);
    vi.advanceTimersByTime(2000);
    expect(await terminal.screen()).toEqual(['Go on? [y/N] ']);
    terminal.write('y\n');
    reporter.resume();
    vi.advanceTimersByTime(130);
    const screen = await terminal.screen();
    expect(screen[0]).toBe('Go on? [y/N] y');
    expect(screen[1]).toBe('· cluster_create: kubectl v1.34.1 was found on the PATH');
    expect(screen.filter((line) => line.includes('Create the cluster'))).toHaveLength(1);
  });

  test('survives a terminal that becomes narrower and wider', async () => {
    const terminal = openTestTerminal(100, 24);
    const reporter = open(terminal);
    const events = SCENES.install();
    play(reporter, events, 30_000);
    await terminal.resize(34, 24);
    play(reporter, events, 33_000, 30_000);
    const narrow = await terminal.screen();
    const list = narrow.slice(narrow.findIndex((line) => line.startsWith('create-cluster')));
    expect(list.filter((line) => line.startsWith('  ✓'))).toHaveLength(3);
    for (const line of list) expect(line.length).toBeLessThan(34);
    await terminal.resize(120, 24);
    play(reporter, events, undefined, 33_000);
    await reporter.finish();
    const screen = await terminal.screen();
    expect(screen.filter((line) => line.includes('Create the cluster'))).toHaveLength(1);
    expect(screen.at(-1)).toBe('  ✓ done: 6 steps in 1m00s');
  });

  test('never hides the cursor, so that even a killed run leaves a terminal in order', () => {
    const terminal = openTestTerminal();
    play(open(terminal, true), SCENES.install(), 30_000);
    expect(terminal.written).not.toContain('\u001b[?25l');
    expect(terminal.written.split('\u001b[?2026h').length).toBe(terminal.written.split('\u001b[?2026l').length);
  });

  test('shows nothing after its end, and an end without a run is no picture', async () => {
    const terminal = openTestTerminal();
    const reporter = open(terminal);
    await reporter.finish();
    expect(terminal.written).toBe('');
    play(reporter, SCENES.install(), 5000);
    expect(terminal.written).toBe('');
  });
});
