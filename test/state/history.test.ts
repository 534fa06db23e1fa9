import { appendFileSync, readFileSync, statSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { appendHistory, estimate, type HistoryEntry, readHistory } from '../../src/state/history.ts';
import { makePaths } from './support.ts';

function entry(n: number, steps: Record<string, number> = { a: n }): HistoryEntry {
  const at = new Date(n).toISOString();
  return { run_id: `r${n}`, mode: 'run', result: 'success', started_at: at, ended_at: at, steps };
}

describe('the history of runs', () => {
  it('is empty before the first, and holds the latest 200 of many, oldest first', async () => {
    const paths = await makePaths();
    expect(readHistory(paths)).toEqual([]);
    appendHistory(paths, entry(1));
    appendFileSync(paths.history, Array.from({ length: 318 }, (_, n) => `${JSON.stringify(entry(n + 2))}\n`).join(''));
    appendHistory(paths, entry(320));
    const runs = readHistory(paths);
    expect(runs.at(-1)).toEqual(entry(320));
    expect(runs[0]).toEqual(entry(121));
    expect(runs).toHaveLength(200);
    expect(statSync(paths.history).mode & 0o777).toBe(0o600);
  });

  it('stays small for plans of thousands of steps', async () => {
    const paths = await makePaths();
    const steps = Object.fromEntries(Array.from({ length: 10_000 }, (_, n) => [`step-number-${n}`, 1000.5 + n]));
    for (let n = 1; n <= 25; n += 1) appendHistory(paths, entry(n, steps));
    expect(statSync(paths.history).size).toBeLessThan(7 * 1024 * 1024);
    expect(readFileSync(paths.history, 'utf8').split('\n').length).toBeGreaterThan(10);
    expect(readHistory(paths).at(-1)?.run_id).toBe('r25');
  });

  it('survives a line that a crash has torn', async () => {
    const paths = await makePaths();
    appendHistory(paths, entry(1));
    appendFileSync(paths.history, '{"run_id":"torn","mo');
    appendHistory(paths, entry(2));
    expect(readHistory(paths).map(({ run_id: id }) => id)).toEqual(['r1', 'r2']);
    expect(readFileSync(paths.history, 'utf8').endsWith('\n')).toBe(true);
  });

  it('estimates a step by the median of its latest runs', () => {
    const runs = [9_000, 9_000, 9_000, 10, 20, 30, 40, 50, 60, 70_000].map((ms, n) => entry(n, { a: ms }));
    expect(estimate(runs, 'a')).toBe(40);
    expect(estimate([...runs, entry(11, { b: 5 })], 'b')).toBe(5);
    expect(estimate(runs, 'never')).toBeUndefined();
    expect(estimate(runs, 'constructor')).toBeUndefined();
  });
});
