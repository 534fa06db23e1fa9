import { describe, expect, it } from 'vitest';
import type { EngineEvent } from '../../src/engine/events.ts';
import { fingerprint } from '../../src/engine/fingerprint.ts';
import { createSecrets } from '../../src/engine/secrets.ts';
import type { Observation, StepContext } from '../../src/engine/step.ts';
import { ERROR_CLASSES, type ErrorClass, TRANSIENT_CLASSES } from '../../src/errors/error-class.ts';
import { InstallerError } from '../../src/errors/installer-error.ts';
import { createMemoryEngine, failure, makeStep } from '../support/memory-engine.ts';

const NO_INPUTS = fingerprint({});
const told = (events: readonly EngineEvent[], type: EngineEvent['type']) =>
  events.filter((event) => event.type === type);

describe('attempts', () => {
  const policy = { attempts: 3, delayMs: 1000, maxDelayMs: 10_000 };

  it.each(ERROR_CLASSES)('of a failure of class %s are repeated only if it can pass by itself', async (kind) => {
    const engine = createMemoryEngine();
    let tries = 0;
    const apply = async () => {
      tries += 1;
      throw failure('no', kind);
    };
    const report = await engine.play([makeStep('a', { policy, apply })]);
    expect(tries).toBe(TRANSIENT_CLASSES.includes(kind) ? 3 : 1);
    expect(report.result).toBe('failure');
    expect(engine.steps.get('a')).toMatchObject({
      status: 'failed',
      attempts: tries,
      error: { message: 'no', class: kind },
    });
  });

  it('wait in between for the backoff, and count', async () => {
    const engine = createMemoryEngine();
    const times: number[] = [];
    const attempts: number[] = [];
    const apply = async (ctx: StepContext) => {
      times.push(engine.clock.now());
      attempts.push(ctx.attempt);
      if (times.length < 3) throw failure('reset', 'network_reset');
      return undefined;
    };
    const report = await engine.play([makeStep('a', { policy, apply })]);
    expect(report.result).toBe('success');
    expect(attempts).toEqual([1, 2, 3]);
    // Half of 1 s, and half of 2 s: the random port draws 0.5.
    expect([(times[1] ?? 0) - (times[0] ?? 0), (times[2] ?? 0) - (times[1] ?? 0)]).toEqual([500, 1000]);
    expect(told(engine.events, 'attempt_failed')).toMatchObject([
      { attempt: 1, retryInMs: 500 },
      { attempt: 2, retryInMs: 1000 },
    ]);
    expect(told(engine.events, 'attempt_started')).toMatchObject([
      { log: '/logs/a.1.log' },
      { log: '/logs/a.2.log' },
      { log: '/logs/a.3.log' },
    ]);
    expect(engine.steps.get('a')).toMatchObject({ status: 'completed', attempts: 3 });
    expect(engine.steps.get('a')?.error).toBeUndefined();
  });

  it('use the classes that the policy names instead, if it does', async () => {
    const engine = createMemoryEngine();
    let tries = 0;
    const apply = async () => {
      tries += 1;
      throw failure('not yet', 'not_found');
    };
    await engine.play([makeStep('a', { policy: { ...policy, retryOn: ['not_found'] }, apply })]);
    expect(tries).toBe(3);
  });

  it('classify what a step throws that is no error of ours', async () => {
    const engine = createMemoryEngine({ classify: (): ErrorClass => 'dns' });
    let tries = 0;
    const apply = async () => {
      tries += 1;
      throw new TypeError('fetch failed');
    };
    const report = await engine.play([makeStep('a', { policy, apply })]);
    expect(tries).toBe(3);
    expect(report.error).toMatchObject({ code: 'step_failed', class: 'dns', message: 'fetch failed' });
  });
});

describe('the time of an attempt', () => {
  it('ends it, and it is tried again', async () => {
    const engine = createMemoryEngine();
    let tries = 0;
    const apply = async (ctx: StepContext) => {
      tries += 1;
      if (tries === 1) await ctx.clock.sleep(60_000, ctx.signal);
      return undefined;
    };
    const report = await engine.play([makeStep('a', { policy: { timeoutMs: 3000, attempts: 2 }, apply })]);
    expect(report.result).toBe('success');
    expect(told(engine.events, 'attempt_failed')).toMatchObject([
      { error: { message: 'no end after 3000 ms', class: 'network_timeout' } },
    ]);
  });

  it('leaves a step behind that does not heed it, does not start it again, and hears it no more', async () => {
    const engine = createMemoryEngine();
    let tries = 0;
    const late: string[] = [];
    const apply = async (ctx: StepContext) => {
      tries += 1;
      await ctx.clock.sleep(50_000);
      ctx.progress('still here');
      ctx.notice('still here');
      ctx.log('still here');
      await ctx.remember({ late: true }).catch((error) => late.push(error.message));
      return undefined;
    };
    const stuck = makeStep('a', { policy: { timeoutMs: 3000, attempts: 3 }, apply, severity: 'optional' });
    const patient = makeStep('b', {
      policy: { timeoutMs: 200_000 },
      apply: async (ctx) => {
        await ctx.clock.sleep(100_000, ctx.signal);
        return undefined;
      },
    });
    const start = engine.clock.now();
    const report = await engine.play([stuck, patient]);
    expect(tries).toBe(1);
    expect(report.tolerated).toMatchObject([{ message: 'no end after 3000 ms' }]);
    expect(report.tolerated[0]?.details.lines).toEqual(['it did not stop when it was told to, and was left behind']);
    expect(engine.steps.get('a')).toMatchObject({ status: 'failed', duration_ms: 5000 });
    expect(engine.steps.get('a')?.outputs).toBeUndefined();
    expect(late).toEqual(['no end after 3000 ms']);
    expect(JSON.stringify([engine.events, [...engine.logs]])).not.toContain('still here');
    expect(engine.clock.now() - start).toBe(100_000);
  });
});

describe('an interruption', () => {
  const interrupted = new InstallerError('interrupted', 'stopped by Ctrl-C', { class: 'cancelled' });

  it.each([true, false])('leaves a step in progress, whether or not it heeds it (%s)', async (heeds) => {
    const engine = createMemoryEngine();
    const controller = new AbortController();
    engine.clock.after(5000, () => controller.abort(interrupted));
    const apply = async (ctx: StepContext) => {
      await ctx.clock.sleep(30_000, heeds ? ctx.signal : undefined);
      return undefined;
    };
    const a = makeStep('a', { apply, policy: { attempts: 3, retryOn: ERROR_CLASSES } });
    const report = await engine.play([a, makeStep('b', { needs: [a] })], { signal: controller.signal });
    expect(report.result).toBe('cancellation');
    expect(report.error?.exitCode).toBe(130);
    expect(engine.steps.get('a')).toMatchObject({ status: 'in_progress', attempts: 1, error: { code: 'interrupted' } });
    expect(engine.steps.get('b')?.status).toBe('pending');
    expect(told(engine.events, 'step_finished')).toMatchObject([
      { step: 'a', status: 'in_progress' },
      { step: 'b', status: 'pending' },
    ]);
    expect(engine.run.last_run).toMatchObject({ result: 'cancellation' });
    expect(report.durationMs).toBe(heeds ? 5000 : 7000);
  });

  it('is not taken for the end of a step that returns early because of it', async () => {
    const engine = createMemoryEngine();
    const controller = new AbortController();
    engine.clock.after(100, () => controller.abort(interrupted));
    const apply = async (ctx: StepContext) => {
      while (!ctx.signal.aborted) await ctx.clock.sleep(30);
      return undefined;
    };
    await engine.play([makeStep('a', { apply })], { signal: controller.signal });
    expect(engine.steps.get('a')?.status).toBe('in_progress');
  });

  it('during the backoff ends the step at once', async () => {
    const engine = createMemoryEngine({ random: () => 0.999 });
    const controller = new AbortController();
    engine.clock.after(100, () => controller.abort(interrupted));
    const apply = async () => {
      throw failure('reset', 'network_reset');
    };
    const report = await engine.play(
      [makeStep('a', { apply, policy: { attempts: 2, delayMs: 60_000, maxDelayMs: 60_000 } })],
      {
        signal: controller.signal,
      },
    );
    expect(report.durationMs).toBe(100);
    expect(engine.steps.get('a')?.status).toBe('in_progress');
  });

  it('of a step that was done and is only being looked at leaves its record alone', async () => {
    const record = { status: 'completed' as const, fingerprint: NO_INPUTS, verified: 'then' };
    const engine = createMemoryEngine({ steps: { a: record } });
    const controller = new AbortController();
    engine.clock.after(100, () => controller.abort(interrupted));
    const observe = async (ctx: StepContext): Promise<Observation> => {
      await ctx.clock.sleep(1000, ctx.signal);
      return { state: 'present' };
    };
    const report = await engine.play([makeStep('a', { observe })], { signal: controller.signal });
    expect(report.result).toBe('cancellation');
    expect(engine.steps.get('a')).toEqual(record);
    expect(told(engine.events, 'step_finished')).toMatchObject([{ status: 'completed', action: 'none' }]);
    expect(engine.run.completed_at).toBeUndefined();
  });

  it('that came when all was done takes nothing back', async () => {
    const engine = createMemoryEngine();
    const controller = new AbortController();
    const ports = engine.ports.listeners as ((event: EngineEvent) => void)[];
    ports.push((event) => event.type === 'step_finished' && controller.abort(interrupted));
    const report = await engine.play([makeStep('a')], { signal: controller.signal });
    expect(report.result).toBe('success');
  });
});

describe('an observation', () => {
  const see = (...states: Observation[]) => {
    let next = 0;
    return async () => states[Math.min(next++, states.length - 1)] as Observation;
  };

  it('that tells nothing is never taken for absent', async () => {
    const engine = createMemoryEngine();
    let applied = 0;
    const apply = async () => {
      applied += 1;
      return undefined;
    };
    const observe = see({ state: 'unknown', reason: 'the API does not answer', details: ['connection refused'] });
    for (const mode of ['run', 'resume', 'repair'] as const) {
      const report = await engine.play([makeStep('a', { observe, apply })], { mode });
      expect(report.error?.message).toBe('cannot tell how it is: the API does not answer');
      expect(report.error?.details.lines).toEqual(['connection refused']);
    }
    expect(applied).toBe(0);
  });

  it('after a repair sees what the repair has made, not what was there before', async () => {
    const engine = createMemoryEngine();
    const seen: unknown[] = [];
    const step = makeStep('a', {
      apply: async () => ({ token: 'old', kept: 1 }),
      observe: async (ctx: StepContext) => {
        seen.push(ctx.recorded?.outputs);
        return { state: ctx.recorded?.outputs?.token === 'new' ? 'present' : 'unhealthy' };
      },
      repair: async () => ({ token: 'new' }),
    });
    await engine.play([step]);
    const report = await engine.play([step], { mode: 'repair' });
    expect(report.result).toBe('success');
    expect(seen.at(-1)).toEqual({ token: 'new', kept: 1 });
    expect(engine.steps.get('a')?.outputs).toEqual({ token: 'new', kept: 1 });
  });

  it('is made again after a repair, which must have helped', async () => {
    for (const after of ['present', 'unhealthy', 'absent', 'unknown'] as const) {
      const engine = createMemoryEngine();
      const seen: Observation[] = [];
      const observe = see({ state: 'unhealthy', reason: 'crash loop' }, { state: after, reason: 'why' });
      const repair = async (_: StepContext, found: Observation) => {
        seen.push(found);
        return { mended: 1 };
      };
      const report = await engine.play([makeStep('a', { observe, repair })], { mode: 'repair' });
      expect(seen).toEqual([{ state: 'unhealthy', reason: 'crash loop' }]);
      expect(report.result).toBe(after === 'present' ? 'success' : 'failure');
      if (after === 'present') expect(engine.steps.get('a')?.outputs).toEqual({ mended: 1 });
      else
        expect(report.error?.message).toMatch(
          after === 'unknown' ? /cannot tell/ : `still ${after} after the repair: why`,
        );
    }
  });

  it('of something unhealthy with changed inputs: it is mended, then the inputs are carried over', async () => {
    const engine = createMemoryEngine({
      steps: { a: { status: 'completed', fingerprint: 'old', inputs: { v: '1' } } },
    });
    const deeds: string[] = [];
    const step = makeStep('a', {
      inputs: () => ({ v: '2' }),
      observe: see({ state: 'unhealthy' }, { state: 'present' }),
      repair: async () => {
        deeds.push('repair');
        return undefined;
      },
      apply: async () => {
        deeds.push('apply');
        return undefined;
      },
    });
    await engine.play([step], { mode: 'repair' });
    expect(deeds).toEqual(['repair', 'apply']);
  });

  it('gives outputs to a step that is kept as it is', async () => {
    const engine = createMemoryEngine();
    await engine.play([makeStep('a', { observe: see({ state: 'present', outputs: { port: 3000 } }) })]);
    expect(engine.steps.get('a')).toMatchObject({ status: 'completed', outputs: { port: 3000 } });
  });
});

describe('what a crash must not lose', () => {
  it('the intent is durable before anything is changed', async () => {
    const order: string[] = [];
    const engine = createMemoryEngine({
      onRecord: async (change) => {
        const status = change.steps?.a?.status;
        await engine.ports.clock.sleep(10);
        if (status) order.push(status);
      },
    });
    await engine.play([
      makeStep('a', {
        apply: async () => {
          order.push('effect');
          return undefined;
        },
      }),
    ]);
    expect(order).toEqual(['pending', 'in_progress', 'effect', 'completed']);
  });

  it('what a step remembers is durable before it goes on', async () => {
    const order: string[] = [];
    const engine = createMemoryEngine({
      onRecord: async (change) => {
        await engine.ports.clock.sleep(10);
        if (change.steps?.a?.outputs) order.push(JSON.stringify(change.steps.a.outputs));
      },
    });
    const step = makeStep('a', {
      apply: async (ctx) => {
        await ctx.remember({ node: 'n1' });
        order.push('effect');
        await ctx.remember({ made: true });
        return { ready: 1 };
      },
    });
    await engine.play([step]);
    expect(order).toEqual([
      '{"node":"n1"}',
      'effect',
      '{"node":"n1","made":true}',
      '{"node":"n1","made":true,"ready":1}',
    ]);
  });

  it('that changed inputs were not carried over yet', async () => {
    const engine = createMemoryEngine({
      steps: { a: { status: 'completed', fingerprint: 'old', inputs: { v: '1' } } },
    });
    const observe = async (): Promise<Observation> => ({ state: 'present' });
    const inputs = () => ({ v: '2' });
    let applied = 0;
    const failing = makeStep('a', {
      inputs,
      observe,
      apply: async () => {
        throw failure('no', 'not_found');
      },
    });
    await engine.play([failing]);
    expect(engine.steps.get('a')).toMatchObject({ status: 'failed', outdated: true, inputs: { v: '2' } });
    const working = makeStep('a', {
      inputs,
      observe,
      apply: async () => {
        applied += 1;
        return undefined;
      },
    });
    await engine.play([working], { mode: 'resume' });
    expect(applied).toBe(1);
    expect(engine.steps.get('a')?.outdated).toBeUndefined();
    await engine.play([working]);
    expect(applied).toBe(1);
  });
});

describe('secrets of a step', () => {
  it('are in no event, record, log or error', async () => {
    const secrets = createSecrets({ TOKEN: 'hunter2-hunter2' });
    const engine = createMemoryEngine({ secrets });
    const apply = async (ctx: StepContext) => {
      ctx.log('log hunter2-hunter2');
      ctx.progress('progress hunter2-hunter2', { item: 'item hunter2-hunter2' });
      ctx.notice('notice hunter2-hunter2');
      await ctx.remember({ remembered: 'hunter2-hunter2' });
      throw new InstallerError('step_failed', 'bad hunter2-hunter2', {
        hint: 'hint hunter2-hunter2',
        lines: ['line hunter2-hunter2'],
        tail: ['tail hunter2-hunter2'],
        command: 'curl hunter2-hunter2',
      });
    };
    const observe = async (): Promise<Observation> => ({ state: 'absent', reason: 'no hunter2-hunter2' });
    const report = await engine.play([
      makeStep('a', { apply, severity: 'optional' }),
      makeStep('b', { observe, apply: async () => ({ url: 'https://me:hunter2-hunter2@host' }) }),
    ]);
    const { message, details } = report.tolerated[0] as InstallerError;
    const all = JSON.stringify([engine.events, [...engine.steps], [...engine.logs], engine.commits, message, details]);
    expect(all).not.toContain('hunter2');
    expect(all).toContain('bad ***');
    expect(all).toContain('item ***');
    expect(engine.steps.get('b')?.outputs).toEqual({ url: 'https://me:***@host' });
  });
});
