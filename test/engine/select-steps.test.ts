import { describe, expect, it } from 'vitest';
import type { StepStatus } from '../../src/engine/record.ts';
import { selectSteps } from '../../src/engine/select-steps.ts';
import { createMemoryEngine, makeStep } from '../support/memory-engine.ts';

const a = makeStep('a');
const b = makeStep('b', { needs: [a] });
const c = makeStep('c', { needs: [a, b] });
const declared = [a, b, c].map((step) => ({ step, inputs: {}, fingerprint: '' }));
const with_ = (statuses: Record<string, StepStatus>) => (id: string) => {
  const status = statuses[id];
  return status === undefined ? undefined : { status };
};
const ids = (chosen: readonly { step: { id: string } }[]) => chosen.map(({ step }) => step.id);

describe('--only and --from', () => {
  it('take one step, or it and all behind it', () => {
    const done = with_({ a: 'completed', b: 'skipped' });
    expect(ids(selectSteps(declared, done, undefined))).toEqual(['a', 'b', 'c']);
    expect(ids(selectSteps(declared, done, { only: 'b' }))).toEqual(['b']);
    expect(ids(selectSteps(declared, done, { from: 'b' }))).toEqual(['b', 'c']);
    expect(ids(selectSteps(declared, done, { from: 'a' }))).toEqual(['a', 'b', 'c']);
  });

  it('keep needs among the chosen, and drop those that are done', () => {
    const [first, second] = selectSteps(declared, with_({ a: 'completed' }), { from: 'b' });
    expect(first?.step.needs).toEqual([]);
    expect(second?.step.needs).toEqual([b]);
    expect(first?.step.title).toBe('do b');
  });

  it.each<[string, Record<string, StepStatus>]>([
    ['never run', {}],
    ['failed', { a: 'failed' }],
    ['in progress', { a: 'in_progress' }],
  ])('refuse a step whose need is %s, and say with what to start', (_, statuses) => {
    expect(() => selectSteps(declared, with_(statuses), { from: 'b' })).toThrow(
      expect.objectContaining({
        code: 'usage',
        message: '--from b: b needs a, which is not completed',
        details: expect.objectContaining({ hint: expect.stringContaining('--from a') }),
      }),
    );
  });

  it('list the steps there are when there is no such one', () => {
    expect(() => selectSteps(declared, with_({}), { only: 'd' })).toThrow(
      expect.objectContaining({ code: 'usage', details: expect.objectContaining({ hint: 'it has: a, b, c' }) }),
    );
  });

  it('run as chosen, even a step whose methods use `this`', async () => {
    const applied: string[] = [];
    const step = {
      ...makeStep('b', { needs: [a] }),
      secretName: 'self',
      async apply() {
        applied.push(this.secretName);
        return undefined;
      },
    };
    const engine = createMemoryEngine({ steps: { a: { status: 'completed' } } });
    const report = await engine.play([a, step], { selection: { only: 'b' } });
    expect(report.result).toBe('success');
    expect(applied).toEqual(['self']);
    expect([...report.outcomes.keys()]).toEqual(['b']);
    expect(engine.run.completed_at).toBeDefined();
  });

  it('leave an installation incomplete while another step is not done', async () => {
    const engine = createMemoryEngine();
    await engine.play([a, makeStep('later')], { selection: { only: 'a' } });
    expect(engine.run.completed_at).toBeUndefined();
    expect(engine.steps.get('later')?.status).toBe('pending');
  });
});
