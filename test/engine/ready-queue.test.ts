import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createReadyQueue } from '../../src/engine/ready-queue.ts';

it('gives entries by their rank, however adding and taking alternate', () => {
  const moves = fc.array(fc.option(fc.nat(1000), { nil: undefined, freq: 2 }), { maxLength: 200 });
  fc.assert(
    fc.property(moves, (list) => {
      const queue = createReadyQueue<number>();
      const model: number[] = [];
      for (const move of list) {
        if (move === undefined) {
          expect(queue.takeFirst()).toBe(model.shift());
        } else {
          queue.add(move, move);
          model.push(move);
          model.sort((a, b) => a - b);
        }
        expect(queue.size).toBe(model.length);
      }
    }),
  );
});
