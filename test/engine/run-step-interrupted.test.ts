import { describe, expect, it } from 'vitest';
import type { EngineEvent } from '../../src/engine/events.ts';
import { fingerprint } from '../../src/engine/fingerprint.ts';
import type { Observation, StepContext } from '../../src/engine/step.ts';
import { ERROR_CLASSES } from '../../src/errors/error-class.ts';
import { InstallerError } from '../../src/errors/installer-error.ts';
import { createMemoryEngine, eventsOf, failure, makeStep } from '../support/memory-engine.ts';

const NO_INPUTS = fingerprint({});

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
    expect(eventsOf(engine, 'step_finished')).toMatchObject([
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
    expect(eventsOf(engine, 'step_finished')).toMatchObject([{ status: 'completed', action: 'none' }]);
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
