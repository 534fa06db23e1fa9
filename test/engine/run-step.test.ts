import { describe, expect, it } from 'vitest';
import { createSecrets } from '../../src/engine/secrets.ts';
import type { Observation, StepContext } from '../../src/engine/step.ts';
import { InstallerError } from '../../src/errors/installer-error.ts';
import { createMemoryEngine, failure, makeStep } from '../support/memory-engine.ts';

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
