import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { FoldPace } from '../../src/state/fold-pace.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));

/** Requests a fold every 10 ms for so long, as a run that records without a pause. */
async function countFolds(foldMs: number, runMs: number): Promise<number> {
  let folds = 0;
  const pace = new FoldPace(async () => {
    folds += 1;
    await sleep(foldMs);
  });
  for (let ms = 0; ms < runMs; ms += 10) {
    pace.request();
    await vi.advanceTimersByTimeAsync(10);
  }
  pace.stop();
  return folds;
}

it('the first comes soon, quick ones follow each other every second', async () => {
  expect(await countFolds(0, 10_500)).toBe(11);
});

it('slow ones take about 2 % of the time', async () => {
  expect(await countFolds(100, 51_000)).toBe(10);
});

it('no fold is started after the end', async () => {
  let folds = 0;
  const pace = new FoldPace(async () => {
    folds += 1;
  });
  pace.request();
  pace.stop();
  pace.request();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(folds).toBe(0);
});
