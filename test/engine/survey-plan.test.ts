import { describe, expect, it } from 'vitest';
import { fingerprint } from '../../src/engine/fingerprint.ts';
import type { Mode, StepRecord } from '../../src/engine/record.ts';
import { createSecrets } from '../../src/engine/secrets.ts';
import type { Observation, Step } from '../../src/engine/step.ts';
import { surveyPlan } from '../../src/engine/survey-plan.ts';
import { createMemoryEngine, failure, makeStep } from '../support/memory-engine.ts';

async function survey(steps: readonly Step[], mode: Mode, records: Record<string, StepRecord> = {}) {
  const engine = createMemoryEngine({ steps: records, secrets: createSecrets({ T: 'hunter22' }) });
  const before = JSON.stringify([...engine.steps]);
  const rows = await engine.settle(
    surveyPlan({ name: 'p', cluster: 'c', steps }, engine.ports, {
      mode,
      runId: 'r',
      signal: new AbortController().signal,
    }),
  );
  expect([engine.commits, engine.events, JSON.stringify([...engine.steps])]).toEqual([[], [], before]);
  return rows;
}
const seen = (observation: Observation): Partial<Step> => ({
  observe: async () => observation,
  apply: async () => {
    throw new Error('a survey changes nothing');
  },
});
const done: StepRecord = { status: 'completed', fingerprint: fingerprint({}), inputs: {} };

describe('a survey', () => {
  it('tells what a run would do with each step, and changes nothing', async () => {
    const a = makeStep('a', seen({ state: 'absent', reason: 'not there' }));
    const rows = await survey(
      [
        a,
        makeStep('b', { ...seen({ state: 'unknown', reason: 'no API' }), needs: [a] }),
        makeStep('c', seen({ state: 'unknown' })),
        makeStep('d', seen({ state: 'present' })),
        makeStep('e'),
      ],
      'run',
      { d: done },
    );
    expect(rows.map(({ id, action, after, recorded }) => [id, action, after, recorded])).toEqual([
      ['a', 'apply', [], 'pending'],
      // Its foundation is yet to be made: of course it cannot be seen.
      ['b', 'apply', ['a'], 'pending'],
      ['c', 'none', [], 'pending'],
      ['d', 'keep', [], 'completed'],
      ['e', 'apply', [], 'pending'],
    ]);
  });

  it('names the inputs that differ, and what is trusted', async () => {
    const changed = makeStep('a', { inputs: () => ({ image: 'v2' }), ...seen({ state: 'present' }) });
    const records = { a: { ...done, fingerprint: 'old', inputs: { image: 'v1' } }, b: done };
    const [first, second] = await survey([changed, makeStep('b', seen({ state: 'absent' }))], 'resume', records);
    expect(first).toMatchObject({ action: 'apply', changes: ['image: v1 -> v2'] });
    expect(second).toMatchObject({ action: 'trust' });
    expect(second?.seen).toBeUndefined();
  });

  it('takes a look that fails for one that tells nothing, and hides secrets', async () => {
    const broken = makeStep('a', {
      observe: async () => {
        throw failure('no answer to hunter22');
      },
    });
    const leaky = seen({ state: 'unhealthy', reason: 'hunter22', details: ['x hunter22'], destroys: ['pod hunter22'] });
    const [first, second] = await survey([broken, makeStep('b', leaky)], 'repair');
    expect(first).toMatchObject({ action: 'none', seen: { state: 'unknown', reason: 'no answer to ***' } });
    expect(second).toMatchObject({
      action: 'repair',
      seen: { reason: '***', details: ['x ***'], destroys: ['pod ***'] },
    });
  });
});
