import { describe, expect, it } from 'vitest';
import { fingerprint } from '../../src/engine/fingerprint.ts';
import type { Consent, Processes } from '../../src/engine/ports.ts';
import type { RecordedChild } from '../../src/engine/record.ts';
import { InstallerError } from '../../src/errors/installer-error.ts';
import { createMemoryEngine, makeStep } from '../support/memory-engine.ts';

const child = (pid: number, start_ticks = 1): RecordedChild => ({ pid, start_ticks, program: 'kind' });
const noTerminal: Consent = async () => {
  throw new InstallerError('consent_needed', 'no terminal');
};

/** An engine that finds living children of a run before it; each ends after `lifeMs`. */
function afterKill(options: { alive: RecordedChild[]; marked?: RecordedChild[]; consent?: Consent; lifeMs?: number }) {
  const alive = [...options.alive];
  const ended: number[] = [];
  const engine = createMemoryEngine({
    steps: {
      a: { status: 'in_progress', children: [child(7), child(8)] },
      b: { status: 'failed', children: [child(9)] },
    },
    run: { last_run: { id: 'r0', mode: 'run', result: 'running', started_at: '' } },
    ...(options.consent === undefined ? {} : { consent: options.consent }),
  });
  const isAlive = (one: RecordedChild) =>
    alive.some((other) => other.pid === one.pid && other.start_ticks === one.start_ticks);
  const forget = (pid: number) => alive.splice(0, alive.length, ...alive.filter((one) => one.pid !== pid));
  const processes: Partial<Processes> = {
    isAlive,
    findMarked: (runId) => (runId === 'r0' ? (options.marked ?? []).map((one) => ({ ...one, step: 'a' })) : []),
    end: async ({ pid }, graceMs) => {
      expect(graceMs).toBe(1000);
      ended.push(pid);
      forget(pid);
    },
  };
  Object.assign(engine.ports.processes, processes);
  if (options.lifeMs !== undefined) engine.clock.after(options.lifeMs, () => alive.splice(0));
  const started: number[] = [];
  const step = makeStep('a', {
    apply: async () => {
      expect(alive).toEqual([]);
      started.push(engine.clock.now());
      return undefined;
    },
  });
  return { engine, ended, started, steps: [step, makeStep('b')] };
}

describe('what a killed run left running', () => {
  it('is ended with the word of the user, before anything is started', async () => {
    const asked: unknown[] = [];
    const consent: Consent = async (question, details) => {
      asked.push(question, details);
    };
    const scene = afterKill({ alive: [child(7), child(9)], consent });
    await scene.engine.play(scene.steps);
    expect(scene.ended).toEqual([7, 9]);
    expect(asked).toEqual([expect.stringContaining('End these processes'), ['a: kind (pid 7)', 'b: kind (pid 9)']]);
    expect(scene.engine.steps.get('b')?.children).toBeUndefined();
  });

  it('is ended without a question on --yes', async () => {
    const scene = afterKill({ alive: [child(8)], consent: noTerminal });
    await scene.engine.play(scene.steps, { endOrphans: true });
    expect(scene.ended).toEqual([8]);
  });

  it('is waited for when nobody can be asked', async () => {
    const scene = afterKill({ alive: [child(7)], consent: noTerminal, lifeMs: 10_200 });
    const start = scene.engine.clock.now();
    const report = await scene.engine.play(scene.steps);
    expect(report.result).toBe('success');
    expect(scene.ended).toEqual([]);
    expect((scene.started[0] ?? 0) - start).toBe(10_500);
    expect(scene.engine.events[0]).toMatchObject({
      type: 'notice',
      level: 'warning',
      message: expect.stringContaining('pid 7'),
    });
  });

  it('is found by its mark when it was killed before it was recorded', async () => {
    const scene = afterKill({ alive: [child(12)], marked: [child(12)] });
    await scene.engine.play(scene.steps);
    expect(scene.ended).toEqual([12]);
  });

  it('is left alone when a completed step has left it running: a server that it was to start', async () => {
    const scene = afterKill({ alive: [child(12)], marked: [child(12)] });
    scene.engine.steps.set('a', { status: 'completed', fingerprint: fingerprint({}) });
    const report = await scene.engine.play([makeStep('a'), makeStep('b')]);
    expect(report.result).toBe('success');
    expect(scene.ended).toEqual([]);
  });

  it('is not taken for a process that has its pid now', async () => {
    const scene = afterKill({ alive: [child(7, 99)] });
    Object.assign(scene.engine.ports.consent, noTerminal);
    const report = scene.engine.play([makeStep('a'), makeStep('b')]);
    expect((await report).result).toBe('success');
    expect(scene.ended).toEqual([]);
  });

  it('can be waited for no longer than the user likes', async () => {
    const scene = afterKill({ alive: [child(7)], consent: noTerminal });
    const controller = new AbortController();
    scene.engine.clock.after(3000, () => controller.abort(new InstallerError('interrupted', 'Ctrl-C')));
    await expect(scene.engine.play(scene.steps, { signal: controller.signal })).rejects.toMatchObject({
      exitCode: 130,
    });
    expect(scene.started).toEqual([]);
    expect(scene.engine.steps.get('a')?.children).toHaveLength(2);
  });
});
