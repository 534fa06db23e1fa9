import { describe, expect, it } from 'vitest';
import { InstallerError } from '../../src/errors/installer-error.ts';
import { createMemoryEngine, makeStep } from '../support/memory-engine.ts';

describe('a record that cannot be written', () => {
  const full = new InstallerError('state_unusable', 'no space left on device');

  it.each(['pending', 'in_progress', 'completed', 'the end'])(
    'at %s ends the run, with everything that runs',
    async (when) => {
      const applied: string[] = [];
      let cancelled = false;
      let failed = false;
      const engine = createMemoryEngine({
        onRecord: async (change) => {
          // All of one tick is lost together, and whatever comes later.
          failed ||= change.steps?.a?.status === when;
          failed ||= when === 'the end' && change.run?.last_run?.result === 'success';
          if (failed) throw full;
        },
      });
      const a = makeStep('a', {
        apply: async (ctx) => {
          await ctx.clock.sleep(100);
          applied.push('a');
          return undefined;
        },
      });
      const beside = makeStep('beside', {
        apply: async (ctx) => {
          await ctx.clock.sleep(when === 'the end' ? 1 : 1e6, ctx.signal).catch((error) => {
            cancelled = true;
            throw error;
          });
          return undefined;
        },
      });
      const after = makeStep('after', {
        needs: [a],
        apply: async () => {
          applied.push('after');
          return undefined;
        },
      });
      await expect(engine.play([beside, a, after])).rejects.toMatchObject({ code: 'state_unusable', exitCode: 5 });
      expect(applied.includes('a')).toBe(when === 'completed' || when === 'the end');
      expect(applied.includes('after')).toBe(when === 'the end');
      if (when === 'in_progress' || when === 'completed') expect(cancelled).toBe(true);
      expect(engine.events.at(-1)).toMatchObject({
        type: 'run_finished',
        result: 'error',
        error: { code: 'state_unusable' },
      });
    },
  );
});

describe('the limit of the whole run', () => {
  it('stops what runs, starts nothing more, and is a timeout', async () => {
    const engine = createMemoryEngine();
    const controller = new AbortController();
    engine.clock.after(3000, () => controller.abort(new InstallerError('timeout', 'the limit of 3 s was reached')));
    const slow = makeStep('a', {
      apply: async (ctx) => {
        await ctx.clock.sleep(60_000, ctx.signal);
        return undefined;
      },
    });
    const report = await engine.play([slow, makeStep('b')], { signal: controller.signal, concurrency: 1 });
    expect(report).toMatchObject({ result: 'timeout', durationMs: 3000, error: { code: 'timeout' } });
    expect(engine.run.last_run?.result).toBe('timeout');
    expect(engine.events).toContainEqual(
      expect.objectContaining({ type: 'step_finished', step: 'b', reason: 'the run was stopped' }),
    );
  });
});
