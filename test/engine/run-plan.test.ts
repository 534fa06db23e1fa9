import { describe, expect, it } from 'vitest';
import type { EngineEvent } from '../../src/engine/events.ts';
import { fingerprint } from '../../src/engine/fingerprint.ts';
import type { Change } from '../../src/engine/record.ts';
import type { Step } from '../../src/engine/step.ts';
import { createMemoryEngine, failure, makeStep } from '../support/memory-engine.ts';

const fail = (message: string) => async () => {
  throw failure(message);
};

/** What the changes and the events say happened to each step, as one list. */
const recordedBy = (commits: readonly Change[][]) =>
  commits
    .flat()
    .flatMap(({ steps = {} }) =>
      Object.entries(steps).flatMap(([id, { status }]) => (status ? [`${id} ${status}`] : [])),
    );
const toldBy = (events: readonly EngineEvent[]) =>
  events.flatMap((event) => (event.type === 'step_recorded' ? [`${event.step} ${event.status}`] : []));

describe('a run', () => {
  it('records its start and its end, and tells both', async () => {
    const engine = createMemoryEngine({ run: { run_id: 'r0', traceparent: '00-a-b-01' } });
    const report = await engine.play([makeStep('a')], { mode: 'repair', fields: { provider: 'kind', note: 'x' } });
    expect(report).toMatchObject({ result: 'success', tolerated: [] });
    const time = expect.stringMatching(/^2026-01-01T00:00:00\.\d{3}Z$/);
    expect(engine.commits[0]?.[0]?.run).toMatchObject({
      plan: 'test',
      run_id: 'r1',
      note: 'x',
      last_run: { id: 'r1', mode: 'repair', result: 'running', started_at: time },
    });
    expect(engine.run).toMatchObject({
      provider: 'kind',
      completed_at: time,
      last_run: { id: 'r1', mode: 'repair', result: 'success', started_at: time, ended_at: time },
    });
    expect(engine.events.at(0)).toMatchObject({
      type: 'run_started',
      previousRunId: 'r0',
      previousTraceparent: '00-a-b-01',
      recorded: { a: 'pending' },
      steps: [{ id: 'a', title: 'do a', needs: [], severity: 'critical' }],
    });
    expect(engine.events.at(-1)).toMatchObject({ type: 'run_finished', result: 'success' });
  });

  it('keeps the time of the first start', async () => {
    const engine = createMemoryEngine();
    await engine.play([makeStep('a')]);
    const { started_at } = engine.run;
    engine.clock.after(5000, () => undefined);
    await engine.clock.passUntil(() => false);
    await engine.play([makeStep('a')], { runId: 'r2' });
    expect(engine.run.started_at).toBe(started_at);
    expect(engine.run.last_run?.started_at).not.toBe(started_at);
  });

  it('tells exactly the transitions that it records', async () => {
    const engine = createMemoryEngine({ steps: { kept: { status: 'completed', fingerprint: fingerprint({}) } } });
    let tries = 0;
    const a = makeStep('a', {
      policy: { attempts: 2 },
      apply: async () => {
        tries += 1;
        if (tries === 1) throw failure('reset', 'network_reset');
        return undefined;
      },
    });
    const bad = makeStep('bad', { apply: fail('no') });
    const steps = [
      a,
      makeStep('kept'),
      bad,
      makeStep('after', { needs: [bad] }),
      makeStep('side', { severity: 'optional', apply: fail('meh') }),
    ];
    await engine.play(steps, { concurrency: 2 });
    expect(toldBy(engine.events).toSorted()).toEqual(recordedBy(engine.commits).toSorted());
    expect(recordedBy(engine.commits).filter((line) => line.startsWith('a '))).toEqual([
      'a pending',
      'a in_progress',
      'a completed',
    ]);
    expect(recordedBy(engine.commits)).not.toContain('kept completed');
    for (const event of engine.events) {
      if (event.type === 'step_recorded' && event.status !== 'pending') expect(event.startedAt).toBeTypeOf('number');
    }
  });

  it('records the end of a step and the start of the next in one tick', async () => {
    const engine = createMemoryEngine();
    const a = makeStep('a');
    const b = makeStep('b', { needs: [a] });
    await engine.play([a, b, makeStep('c', { needs: [b] })]);
    const together = engine.commits.map((changes) => recordedBy([changes]));
    expect(together).toEqual([
      ['a pending', 'b pending', 'c pending'],
      ['a in_progress'],
      ['a completed', 'b in_progress'],
      ['b completed', 'c in_progress'],
      ['c completed'],
      [],
    ]);
  });

  it('reports the first critical failure, and tolerates optional ones', async () => {
    const engine = createMemoryEngine();
    const bad = makeStep('bad', { apply: fail('first') });
    const report = await engine.play([
      makeStep('side', { severity: 'optional', apply: fail('side') }),
      bad,
      makeStep('worse', { apply: fail('second') }),
      makeStep('after', { needs: [bad] }),
    ]);
    expect(report.result).toBe('failure');
    expect(report.error).toMatchObject({ message: 'first', details: { step: 'bad', log: '/logs/bad.1.log' } });
    expect(report.tolerated.map((error) => error.message)).toEqual(['side']);
    expect(report.outcomes.get('after')).toEqual({ status: 'pending', action: 'none' });
    expect(engine.run.completed_at).toBeUndefined();
    expect(engine.events).toContainEqual(
      expect.objectContaining({
        type: 'step_finished',
        step: 'after',
        action: 'none',
        reason: 'needs bad, which is not done',
      }),
    );
    // The log that the error names is there, even if the step had nothing to say.
    expect(engine.logs.get('/logs/bad.1.log')).toBe('[attempt 1 failed: first]\n');
  });

  it('succeeds with nothing but an optional failure', async () => {
    const engine = createMemoryEngine();
    const report = await engine.play([makeStep('side', { severity: 'optional', apply: fail('side') }), makeStep('a')]);
    expect(report.result).toBe('success');
    expect(engine.run.completed_at).toBeDefined();
  });

  it('trusts on resume what is done, but observes what must always be', async () => {
    const looked: string[] = [];
    const done = { status: 'completed' as const, fingerprint: fingerprint({}) };
    const engine = createMemoryEngine({ steps: { preflight: done, a: done, b: { ...done, status: 'failed' } } });
    const look = (id: string, more: Partial<Step> = {}) =>
      makeStep(id, {
        ...more,
        observe: async () => {
          looked.push(id);
          return { state: 'present' };
        },
      });
    const report = await engine.play([look('preflight', { alwaysObserve: true }), look('a'), look('b')], {
      mode: 'resume',
    });
    expect(looked).toEqual(['preflight', 'b']);
    expect([...report.outcomes].map(([id, { action }]) => `${id} ${action}`)).toEqual([
      'a trust',
      'preflight keep',
      'b keep',
    ]);
    expect(recordedBy(engine.commits)).toEqual(['b in_progress', 'b completed']);
  });

  it('trusts a chain of 10,000 steps without a stack, and writes nothing for them', async () => {
    const steps: Step[] = [];
    const done = { status: 'completed' as const, fingerprint: fingerprint({}) };
    for (let index = 0; index < 10_000; index += 1) {
      const last = steps.at(-1);
      steps.push(makeStep(`s${index}`, last === undefined ? {} : { needs: [last] }));
    }
    const engine = createMemoryEngine({ steps: Object.fromEntries(steps.map(({ id }) => [id, done])) });
    const report = await engine.play(steps, { mode: 'resume' });
    expect(report.result).toBe('success');
    expect(new Set([...report.outcomes.values()].map(({ action }) => action))).toEqual(new Set(['trust']));
    expect(engine.commits).toHaveLength(2);
  });

  it('refuses before anything is started, recorded or told', async () => {
    const engine = createMemoryEngine({
      steps: { a: { status: 'completed', fingerprint: 'old', inputs: { image: 'v1' } } },
    });
    const step = makeStep('a', { inputs: () => ({ image: 'v2' }) });
    await expect(engine.play([step], { mode: 'resume' })).rejects.toMatchObject({ code: 'inputs_changed' });
    await expect(engine.play([step, step])).rejects.toMatchObject({ code: 'config' });
    await expect(engine.play([step], { selection: { only: 'x' } })).rejects.toMatchObject({ code: 'usage' });
    expect([engine.commits, engine.events]).toEqual([[], []]);
    expect((await engine.play([step], { mode: 'resume', acceptChanges: true })).result).toBe('success');
  });

  it.each([
    ['failed', 'absent', true],
    ['in_progress', 'absent', true],
    ['failed', 'unhealthy', false],
    ['failed', 'unknown', false],
    ['completed', 'absent', false],
  ] as const)(
    'binds a step that is %s and %s to inputs that cannot be changed, or not: may go on = %s',
    async (status, state, mayGoOn) => {
      const engine = createMemoryEngine({ steps: { a: { status, fingerprint: 'old', inputs: { port: '3000' } } } });
      const step = makeStep('a', {
        inputs: () => ({ port: '3001' }),
        immutableInputs: ['port'],
        observe: async () => ({ state }),
      });
      const end = await engine.play([step]).then(
        (report) => report.result,
        (error) => error.code,
      );
      expect(end).toBe(mayGoOn ? 'success' : 'needs_new_cluster');
      if (!mayGoOn) expect([engine.commits, engine.events]).toEqual([[], []]);
    },
  );

  it('hears no listener that throws, and tells the others', async () => {
    const heard: string[] = [];
    const engine = createMemoryEngine({
      listeners: [
        () => {
          throw new Error('telemetry is broken');
        },
        (event) => heard.push(event.type),
      ],
    });
    expect((await engine.play([makeStep('a')])).result).toBe('success');
    expect(heard).toContain('run_finished');
  });
});
