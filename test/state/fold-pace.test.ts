import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { FoldPace } from '../../src/state/fold-pace.ts';

/** Requests a fold every 10 ms for so long, as a run that records without a pause. */
async function countFolds(foldMs: number, runMs: number): Promise<number> {
  let folds = 0;
  const pace = new FoldPace(async () => {
    folds += 1;
    await sleep(foldMs);
  });
  const end = performance.now() + runMs;
  while (performance.now() < end) {
    pace.request();
    await sleep(10);
  }
  pace.stop();
  return folds;
}

it('quick folds follow each other about every second, slow ones take about 2 % of the time', async () => {
  const [quick, slow] = await Promise.all([countFolds(0, 2_500), countFolds(100, 2_500)]);
  expect(quick).toBeGreaterThanOrEqual(2);
  expect(quick).toBeLessThanOrEqual(3);
  expect(slow).toBe(1);
});

it('no fold is started after the end', async () => {
  let folds = 0;
  const pace = new FoldPace(async () => {
    folds += 1;
  });
  pace.request();
  pace.stop();
  pace.request();
  await sleep(300);
  expect(folds).toBe(0);
});
