import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { orderSteps } from '../../src/engine/plan.ts';
import type { Step } from '../../src/engine/step.ts';
import { makeStep } from '../support/memory-engine.ts';

const order = (...steps: Step[]) => orderSteps({ name: 'p', cluster: 'c', steps }).map((step) => step.id);

/** A step whose needs can be set afterwards, so that there can be circles. */
const loose = (id: string): Step & { needs: Step[] } => ({ ...makeStep(id), needs: [] });

describe('the order of steps', () => {
  it('is the order in which they read, where they do not need each other', () => {
    expect(order(makeStep('c'), makeStep('a'), makeStep('b'))).toEqual(['c', 'a', 'b']);
    expect(order()).toEqual([]);
  });

  it('puts what is needed first, and leaves the rest where it was', () => {
    const late = makeStep('late');
    expect(order(makeStep('x'), makeStep('early', { needs: [late] }), makeStep('y'), late)).toEqual([
      'x',
      'late',
      'early',
      'y',
    ]);
  });

  it.each(['', '-a', '.a', '_a', 'a b', 'a/b', '../a', 'ä', 'a\n', 'x'.repeat(101)])('refuses the id %j', (id) => {
    expect(() => order(makeStep(id))).toThrow(expect.objectContaining({ code: 'config', exitCode: 2 }));
  });

  it.each(['a', '01-first.sh', 'A_b.c-d', '9', 'x'.repeat(100)])('takes the id %j', (id) => {
    expect(order(makeStep(id))).toEqual([id]);
  });

  it('refuses two steps of one id, and names it', () => {
    expect(() => order(makeStep('a'), makeStep('a'))).toThrow('plan "p": two steps have the id "a"');
  });

  it('refuses a need that is not in the plan, even if another of its id is', () => {
    const stranger = makeStep('b');
    const needy = makeStep('a', { needs: [stranger] });
    expect(() => order(needy)).toThrow('step "a" needs "b", which is not in the plan');
    expect(() => order(needy, makeStep('b'))).toThrow('"b", which is not in the plan');
  });

  it('prints the path of a circle, without the steps that only lead into it', () => {
    const [entry, a, b, c] = [loose('entry'), loose('a'), loose('b'), loose('c')];
    entry.needs.push(a);
    a.needs.push(b);
    b.needs.push(c);
    c.needs.push(a);
    expect(() => order(entry, a, b, c)).toThrow('in a circle: a -> b -> c -> a');
    const self = loose('self');
    self.needs.push(self);
    expect(() => order(self)).toThrow('in a circle: self -> self');
  });

  it('takes the same need twice', () => {
    const a = makeStep('a');
    expect(order(makeStep('b', { needs: [a, a] }), a)).toEqual(['a', 'b']);
  });

  it('orders a chain of 10,000 steps, even backwards, and finds the circle in it', () => {
    const chain: Step[] = [];
    for (let index = 0; index < 10_000; index += 1) {
      const last = chain.at(-1);
      chain.push(makeStep(`s${index}`, last === undefined ? {} : { needs: [last] }));
    }
    const ids = chain.map((step) => step.id);
    expect(order(...chain)).toEqual(ids);
    expect(order(...chain.toReversed())).toEqual(ids);
    const first = loose('first');
    const ring = [first, ...chain.slice(1)] as Step[];
    const ringed = ring.map((step, index) => (index === 0 ? step : loose(step.id)));
    ringed.forEach((step, index) => {
      (step.needs as Step[]).push(ringed[(index + 1) % ringed.length] as Step);
    });
    expect(() => order(...ringed)).toThrow(/in a circle: first -> s1 -> .* -> s9999 -> first$/);
  });

  it('lets every step stand behind what it needs, in any plan', () => {
    const graph = fc.array(fc.array(fc.nat(30), { maxLength: 4 }), { maxLength: 30 });
    fc.assert(
      fc.property(graph, fc.infiniteStream(fc.nat(1000)), (needs, shuffle) => {
        const steps = needs.map((_, index) => loose(`s${index}`));
        needs.forEach((list, index) => {
          for (const need of list) if (need < index) steps[index]?.needs.push(steps[need] as Step);
        });
        const keys = new Map(steps.map((step) => [step, shuffle.next().value]));
        const shuffled = steps.toSorted((a, b) => (keys.get(a) ?? 0) - (keys.get(b) ?? 0));
        const ordered = orderSteps({ name: 'p', cluster: 'c', steps: shuffled });
        expect(new Set(ordered)).toEqual(new Set(steps));
        expect(ordered).toHaveLength(steps.length);
        const place = new Map(ordered.map((step, index) => [step, index]));
        for (const step of steps)
          for (const need of step.needs) expect(place.get(need)).toBeLessThan(place.get(step) ?? -1);
      }),
      { numRuns: 300 },
    );
  });
});
