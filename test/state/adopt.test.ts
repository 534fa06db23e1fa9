import { existsSync, lstatSync, readFileSync, symlinkSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { acquireLock } from '../../src/state/lock.ts';
import { statePaths } from '../../src/state/paths.ts';
import { readState } from '../../src/state/read-state.ts';
import { CLUSTER, copiesIn, makePaths, open, PLAN, readJson, recordAll, SEED_DOCUMENT, transition } from './support.ts';

describe('a plain file in the home', () => {
  it('is shown where it is, and taken over by the next run; a copy is kept', async () => {
    const paths = await makePaths();
    const link = join(paths.home, 'install-state.json');
    const text = JSON.stringify({ ...SEED_DOCUMENT, team: 'kept' });
    writeFileSync(link, text);
    expect(readState(paths).document?.steps.preflight?.status).toBe('completed');
    expect(lstatSync(link).isFile()).toBe(true);

    const store = await open(paths);
    expect(store.step('pods_ready')).toEqual(SEED_DOCUMENT.steps.pods_ready);
    expect(store.warnings.join()).toMatch(/taken over as the state of cluster "o11y-dev"/);
    await store.record(transition('pods_ready', 'completed'));
    await store.close();

    expect(lstatSync(link).isSymbolicLink()).toBe(true);
    expect(readJson(link)).toMatchObject({ version: '1.1', team: 'kept', started_at: SEED_DOCUMENT.started_at });
    const [copy] = copiesIn(paths.home);
    expect(readFileSync(join(paths.home, copy ?? ''), 'utf8')).toBe(text);
  });

  it('of another cluster goes to that one, unless it is being worked on', async () => {
    const paths = await makePaths();
    const other = statePaths(paths.home, 'other', PLAN);
    writeFileSync(join(paths.home, 'install-state.json'), JSON.stringify({ ...SEED_DOCUMENT, cluster_name: 'other' }));
    const lock = await acquireLock(other, { command: 'a run' });
    await expect(open(paths)).rejects.toMatchObject({ code: 'locked' });
    await lock.release();
    const store = await open(paths);
    expect(store.step('preflight')).toBeUndefined();
    await store.close();
    expect(readState(other).document?.steps.preflight?.status).toBe('completed');
  });

  it.each([
    ['later', '2030-01-01T00:00:00Z', 'in_progress'],
    ['earlier', '2020-01-01T00:00:00Z', 'completed'],
  ])('that was updated %s than the recorded state: the later one counts, both are kept', async (_, at, expected) => {
    const paths = await makePaths();
    const link = join(paths.home, 'install-state.json');
    await recordAll(paths, [transition('pods_ready', 'completed')]);
    unlinkSync(link);
    writeFileSync(link, JSON.stringify({ ...SEED_DOCUMENT, updated_at: at }));
    expect(readState(paths).document?.steps.pods_ready?.status).toBe(expected);
    const store = await open(paths);
    expect(store.step('pods_ready')?.status).toBe(expected);
    await store.record(transition('extra', 'completed'));
    await store.close();
    expect(readState(paths).document?.steps).toMatchObject({ pods_ready: { status: expected }, extra: {} });
    expect([...copiesIn(paths.home), ...copiesIn(paths.folder)].length).toBeGreaterThan(0);
    expect(lstatSync(link).isSymbolicLink()).toBe(true);
  });

  it('made by an editor that replaces our link is an edit of the state', async () => {
    const paths = await makePaths();
    const link = join(paths.home, 'install-state.json');
    await recordAll(paths, [transition('a', 'completed'), transition('b', 'completed')]);
    const edited = readFileSync(link, 'utf8').replace('"completed"', '"pending"');
    unlinkSync(link);
    writeFileSync(link, edited);
    const store = await open(paths);
    expect([store.step('a')?.status, store.step('b')?.status]).toEqual(['pending', 'completed']);
    await store.close();
  });

  it.each(['', '{', '{"version":"9.0"}'])('that cannot be understood is left alone: %j', async (text) => {
    const paths = await makePaths();
    const link = join(paths.home, 'install-state.json');
    writeFileSync(link, text);
    await expect(open(paths)).rejects.toMatchObject({ code: 'state_unusable' });
    expect(() => readState(paths)).toThrow(link);
    expect(readFileSync(link, 'utf8')).toBe(text);
  });

  it('that is a link of the user to nowhere is replaced by ours', async () => {
    const paths = await makePaths();
    symlinkSync('/nowhere', join(paths.home, 'install-state.json'));
    await recordAll(paths, [transition('a', 'completed')]);
    expect(existsSync(join(paths.home, 'install-state.json'))).toBe(true);
    expect(readJson(join(paths.home, 'install-state.json')).cluster_name).toBe(CLUSTER);
  });
});
