import { describe, expect, it } from 'vitest';
import type { StepContext } from '../../src/engine/step.ts';
import { ERROR_CLASSES, type ErrorClass, TRANSIENT_CLASSES } from '../../src/errors/error-class.ts';
import { createMemoryEngine, eventsOf, failure, makeStep } from '../support/memory-engine.ts';

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
    expect(eventsOf(engine, 'attempt_failed')).toMatchObject([
      { attempt: 1, retryInMs: 500 },
      { attempt: 2, retryInMs: 1000 },
    ]);
    expect(eventsOf(engine, 'attempt_started')).toMatchObject([
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
    expect(eventsOf(engine, 'attempt_failed')).toMatchObject([
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
