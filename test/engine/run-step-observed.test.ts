import { describe, expect, it } from 'vitest';
import type { Observation, StepContext } from '../../src/engine/step.ts';
import { createMemoryEngine, makeStep } from '../support/memory-engine.ts';

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
