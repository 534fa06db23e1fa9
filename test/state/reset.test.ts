import { existsSync, lstatSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { forgetState } from '../../src/state/forget.ts';
import { appendHistory } from '../../src/state/history.ts';
import { statePaths } from '../../src/state/paths.ts';
import { readState } from '../../src/state/read-state.ts';
import { resetState } from '../../src/state/reset.ts';
import { makePaths, open, PLAN, recordAll, SEED_DOCUMENT, transition } from './support.ts';

const RUN = { run_id: 'r', mode: 'run', result: 'success', started_at: '', ended_at: '', steps: {} } as const;

describe('a reset', () => {
  it('forgets the state and keeps dated copies of it, the history and the logs', async () => {
    const paths = await makePaths();
    await recordAll(paths, [transition('a', 'completed')]);
    appendHistory(paths, RUN);
    const text = readFileSync(paths.state, 'utf8');
    const copies = await resetState(paths);
    expect(readState(paths).document).toBeUndefined();
    expect(copies.map((copy) => existsSync(copy))).toEqual([true, true]);
    expect(copies.some((copy) => readFileSync(copy, 'utf8') === text)).toBe(true);
    expect(existsSync(paths.history)).toBe(true);
    expect(() => lstatSync(join(paths.home, 'install-state.json'))).toThrow(/ENOENT/);
    await recordAll(paths, [transition('b', 'completed')]);
    expect(Object.keys(readState(paths).document?.steps ?? {})).toEqual(['b']);
  });

  it.each(['', '{"version":"7.0"}', 'garbage'])('works on a state that cannot be used: %j', async (text) => {
    const paths = await makePaths();
    await recordAll(paths, [transition('a', 'completed')]);
    writeFileSync(paths.state, text);
    writeFileSync(paths.journal, text);
    await resetState(paths);
    const store = await open(paths);
    expect(store.step('a')).toBeUndefined();
    await store.close();
  });

  it('takes a plain file of the same cluster away, and leaves one of another', async () => {
    const paths = await makePaths();
    const link = join(paths.home, 'install-state.json');
    writeFileSync(link, JSON.stringify(SEED_DOCUMENT));
    expect(await resetState(statePaths(paths.home, 'other', PLAN))).toEqual([]);
    expect(existsSync(link)).toBe(true);
    expect(await resetState(paths)).toHaveLength(1);
    expect(existsSync(link)).toBe(false);
  });

  it('without a state does nothing', async () => {
    expect(await resetState(await makePaths())).toEqual([]);
  });
});

it('forgetting removes the state with its copies, and leaves the history', async () => {
  const paths = await makePaths();
  await recordAll(paths, [transition('a', 'completed')]);
  appendHistory(paths, RUN);
  await resetState(paths);
  await recordAll(paths, [transition('a', 'completed')]);
  await forgetState(paths);
  expect(readdirSync(paths.folder)).toEqual(['history.jsonl']);
  expect(readdirSync(paths.home)).toEqual(['state']);
  await forgetState(paths);
});
