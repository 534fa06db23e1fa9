import { describe, expect, it } from 'vitest';
import type { DeclaredStep } from '../../src/engine/declare-steps.ts';
import { runSchedule } from '../../src/engine/schedule.ts';
import type { Step } from '../../src/engine/step.ts';
import type { StepOutcome } from '../../src/engine/step-recording.ts';
import { makeStep } from '../support/memory-engine.ts';

const declare = (steps: readonly Step[]): DeclaredStep[] =>
  steps.map((step) => ({ step, inputs: {}, fingerprint: '' }));
const DONE: StepOutcome = { status: 'completed', action: 'apply' };
const FAILED: StepOutcome = { status: 'failed', action: 'apply' };

/** Steps that end when the test says so. */
function play(steps: readonly Step[], concurrency: number, options: { stopped?: () => boolean } = {}) {
  const started: string[] = [];
  const blocked: string[] = [];
  const open = new Map<string, { settle: (outcome: StepOutcome) => void; end: (error?: unknown) => void }>();
  const ended = runSchedule(declare(steps), {
    concurrency,
    stopped: options.stopped ?? (() => false),
    block: ({ step }, reason) => blocked.push(`${step.id}: ${reason}`),
    run: ({ step }, settle) =>
      new Promise<void>((resolve, reject) => {
        started.push(step.id);
        open.set(step.id, { settle, end: (error) => (error === undefined ? resolve() : reject(error)) });
      }),
  });
  const finish = (id: string, outcome: StepOutcome = DONE) => {
    const step = open.get(id);
    open.delete(id);
    step?.settle(outcome);
    step?.end();
  };
  return { started, blocked, open, ended, finish };
}

describe('the schedule', () => {
  it('runs what does not depend on each other at once, up to the limit, in order', async () => {
    const scene = play(
      ['a', 'b', 'c', 'd'].map((id) => makeStep(id)),
      2,
    );
    expect(scene.started).toEqual(['a', 'b']);
    scene.finish('b');
    expect(scene.started).toEqual(['a', 'b', 'c']);
    scene.finish('a');
    scene.finish('c');
    scene.finish('d');
    await scene.ended;
    expect(scene.started).toEqual(['a', 'b', 'c', 'd']);
  });

  it('takes what was released before what stands behind it', async () => {
    const a = makeStep('a');
    const scene = play([a, makeStep('a2', { needs: [a] }), makeStep('b'), makeStep('c')], 1);
    for (const id of ['a', 'a2', 'b', 'c']) scene.finish(id);
    await scene.ended;
    expect(scene.started).toEqual(['a', 'a2', 'b', 'c']);
  });

  it('starts a step when the last of its needs is done, in the same tick', () => {
    const [a, b] = [makeStep('a'), makeStep('b')];
    const scene = play([a, b, makeStep('c', { needs: [a, b, a] })], 4);
    scene.finish('a');
    expect(scene.started).toEqual(['a', 'b']);
    scene.open.get('b')?.settle(DONE);
    expect(scene.started).toEqual(['a', 'b', 'c']);
  });

  it('blocks all that needs what failed, and goes on with the rest', async () => {
    const a = makeStep('a');
    const b = makeStep('b', { needs: [a] });
    const c = makeStep('c', { needs: [b] });
    const scene = play([a, b, c, makeStep('other')], 2);
    scene.finish('a', FAILED);
    scene.finish('other');
    await scene.ended;
    expect(scene.started).toEqual(['a', 'other']);
    expect(scene.blocked).toEqual(['b: needs a, which is not done', 'c: needs b, which is not done']);
  });

  it('lets what runs beside a failure finish', async () => {
    const a = makeStep('a');
    const scene = play([a, makeStep('slow'), makeStep('b', { needs: [a] })], 2);
    scene.finish('a', FAILED);
    let over = false;
    void scene.ended.then(() => {
      over = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(over).toBe(false);
    scene.finish('slow');
    await scene.ended;
  });

  it('lets a failed optional step hold nobody up', async () => {
    const a = makeStep('a', { severity: 'optional' });
    const scene = play([a, makeStep('b', { needs: [a] })], 1);
    scene.finish('a', FAILED);
    scene.finish('b');
    await scene.ended;
    expect(scene.started).toEqual(['a', 'b']);
    expect(scene.blocked).toEqual([]);
  });

  it('blocks what needs a critical failure beside an optional one', async () => {
    const [a, b] = [makeStep('a', { severity: 'optional' }), makeStep('b')];
    const scene = play([a, b, makeStep('c', { needs: [a, b] })], 2);
    scene.finish('b', FAILED);
    scene.finish('a', FAILED);
    await scene.ended;
    expect(scene.blocked).toEqual(['c: needs b, which is not done']);
  });

  it('starts nothing once it is stopped, and names every step that it kept from running', async () => {
    let stopped = false;
    const [a, b] = [makeStep('a'), makeStep('b')];
    const c = makeStep('c', { needs: [b] });
    const scene = play([a, b, c, makeStep('d', { needs: [c] })], 1, { stopped: () => stopped });
    stopped = true;
    scene.finish('a');
    await scene.ended;
    expect(scene.started).toEqual(['a']);
    expect(scene.blocked.map((line) => line.split(':')[0]).toSorted()).toEqual(['b', 'c', 'd']);
  });

  it('ends with the rejection of a step, after those that run', async () => {
    const scene = play(
      ['a', 'b', 'c'].map((id) => makeStep(id)),
      2,
    );
    scene.open.get('a')?.end(new Error('disk full'));
    let over = false;
    scene.ended.catch(() => {
      over = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(over).toBe(false);
    scene.finish('b');
    await expect(scene.ended).rejects.toThrow('disk full');
    expect(scene.started).toEqual(['a', 'b']);
  });

  it('waits for a promise whose outcome is known already', async () => {
    const scene = play([makeStep('a')], 1);
    scene.open.get('a')?.settle(DONE);
    let over = false;
    void scene.ended.then(() => {
      over = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(over).toBe(false);
    scene.open.get('a')?.end();
    await scene.ended;
  });

  it('is done at once with nothing to do', async () => {
    await play([], 4).ended;
  });
});

describe('the schedule of 10,000 steps', () => {
  const chain = (count: number): Step[] => {
    const steps: Step[] = [];
    for (let index = 0; index < count; index += 1) {
      const last = steps.at(-1);
      steps.push(makeStep(`s${index}`, last === undefined ? {} : { needs: [last] }));
    }
    return steps;
  };

  async function settleAtOnce(steps: readonly Step[], outcome: StepOutcome) {
    const seen: string[] = [];
    await runSchedule(declare(steps), {
      concurrency: 4,
      stopped: () => false,
      block: ({ step }) => seen.push(`-${step.id}`),
      run: async ({ step }, settle) => {
        seen.push(step.id);
        settle(outcome);
      },
    });
    return seen;
  }

  it('needs no stack where each settles before it yields', async () => {
    const steps = chain(10_000);
    expect(await settleAtOnce(steps, DONE)).toEqual(steps.map((step) => step.id));
  });

  it('needs no stack to block all that hang on one failure', async () => {
    const steps = chain(10_000);
    expect(await settleAtOnce(steps, FAILED)).toEqual(steps.map(({ id }, index) => (index === 0 ? id : `-${id}`)));
  });

  it.each(['chain', 'wide'] as const)('looks at each step as often as in a plan of 100, %s', async (shape) => {
    const looksPerStep = async (count: number) => {
      let looks = 0;
      const plain = shape === 'chain' ? chain(count) : Array.from({ length: count }, (_, at) => makeStep(`s${at}`));
      const watched = plain.map(
        (step) =>
          new Proxy(step, {
            get(target, key, receiver) {
              looks += 1;
              return Reflect.get(target, key, receiver);
            },
          }),
      );
      await settleAtOnce(watched, DONE);
      return looks / count;
    };
    expect(await looksPerStep(10_000)).toBeCloseTo(await looksPerStep(100), 0);
  });
});
