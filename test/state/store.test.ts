import { existsSync, lstatSync, readFileSync, readlinkSync, statSync, writeFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { statePaths } from '../../src/state/paths.ts';
import { readState } from '../../src/state/read-state.ts';
import { CLUSTER, copiesIn, makePaths, open, PLAN, readJson, recordAll, transition } from './support.ts';

describe('an opened state', () => {
  it('leaves no state behind when nothing is recorded', async () => {
    const paths = await makePaths();
    const store = await open(paths);
    expect(store.step('preflight')).toBeUndefined();
    await store.close();
    expect(existsSync(paths.state) || existsSync(paths.journal) || existsSync(paths.link ?? '')).toBe(false);
    expect(readState(paths).document).toBeUndefined();
  });

  it('merges changes field by field, removes by null, and keeps what it does not know', async () => {
    const paths = await makePaths();
    const store = await open(paths);
    await store.record(transition('a', 'in_progress', { attempts: 1, error: { code: 'timeout', message: 'late' } }));
    const before = store.step('a');
    const last = transition('a', 'completed', { error: null, attempts: undefined, note: 'mine' });
    await store.record({ ...last, run: { run_id: 'r1', provider: 'kind', custom: { x: 1 } } });
    await store.close();
    expect(before).toMatchObject({ status: 'in_progress', error: { code: 'timeout' } });
    const document = readJson(paths.state);
    expect(document).toMatchObject({
      cluster_name: CLUSTER,
      plan: PLAN,
      run_id: 'r1',
      custom: { x: 1 },
      version: '1.1',
    });
    expect(document.updated_at).toBe(last.at);
    expect(document.steps).toEqual({ a: { status: 'completed', attempts: 1, note: 'mine', updated_at: last.at } });
  });

  it('forgets a step, which stays forgotten when the state is read from its journal alone', async () => {
    const paths = await makePaths();
    const store = await open(paths);
    for (const id of ['a', 'b']) await store.record(transition(id, 'failed'));
    await store.record({ at: new Date().toISOString(), forget: ['b', 'nobody'] });
    expect(store.step('b')).toBeUndefined();
    expect(Object.keys(readState(paths).document?.steps ?? {})).toEqual(['a']);
    await store.close();
    expect(readJson(paths.state).steps).toEqual({ a: expect.objectContaining({ status: 'failed' }) });
  });

  it('takes no inherited property for a step', async () => {
    const store = await open(await makePaths());
    expect(store.step('constructor')).toBeUndefined();
    await store.record(transition('constructor', 'completed'));
    expect(store.step('constructor')?.status).toBe('completed');
    await store.close();
  });

  it('keeps every acknowledged change when it is never closed', async () => {
    const paths = await makePaths();
    const store = await open(paths);
    await store.record(transition('a', 'completed'));
    await Promise.all(Array.from({ length: 50 }, (_, n) => store.record(transition(`s${n}`, 'completed'))));
    await store.record(transition('b', 'in_progress'), { durable: false });
    const { document, warnings } = readState(paths);
    expect(Object.keys(document?.steps ?? {})).toHaveLength(52);
    expect(warnings).toEqual([]);
    await store.close();
  });

  it('brings the readable document up to date soon after a change, without being closed', async () => {
    const paths = await makePaths();
    const store = await open(paths);
    await store.record(transition('a', 'in_progress'));
    await store.record(transition('a', 'completed'));
    await expect
      .poll(() => readJson(paths.state).steps, { timeout: 15_000 })
      .toMatchObject({ a: { status: 'completed' } });
    await store.close();
  });

  it('exchanges a long journal for a new one while changes keep coming', async () => {
    const paths = await makePaths();
    const store = await open(paths);
    await store.record(transition('a', 'completed'));
    const { ino } = statSync(paths.journal);
    const changes = { now: 1 };
    while (statSync(paths.journal).ino === ino) {
      changes.now += 1;
      await store.record(transition(`s${changes.now % 7}`, 'in_progress', { filler: 'x'.repeat(5_000) }));
      if (changes.now % 50 === 0) await sleep(5);
    }
    const more = Array.from({ length: 9 }, () => store.record(transition('b', 'completed')));
    await Promise.all(more);
    const n = changes.now + more.length;
    expect(readState(paths).document?.revision).toBe(n);
    expect(readState(paths).warnings).toEqual([]);
    await store.close();
  });

  it('is private: 0600 in 0700', async () => {
    const paths = await makePaths();
    await recordAll(paths, [transition('a', 'completed')]);
    for (const file of [paths.state, paths.journal]) expect(statSync(file).mode & 0o777).toBe(0o600);
    for (const folder of [paths.folder, join(paths.folder, '..')]) expect(statSync(folder).mode & 0o777).toBe(0o700);
  });

  it('goes on where the last run ended, appending to its journal', async () => {
    const paths = await makePaths();
    await recordAll(paths, [transition('a', 'completed')]);
    const { ino } = statSync(paths.journal);
    await recordAll(paths, [transition('b', 'failed')]);
    expect(statSync(paths.journal).ino).toBe(ino);
    expect(readJson(paths.state).steps).toMatchObject({ a: { status: 'completed' }, b: { status: 'failed' } });
  });

  it('refuses every record after it was closed, and can be closed twice', async () => {
    const store = await open(await makePaths());
    await store.record(transition('a', 'completed'));
    await store.close();
    await store.close();
    await expect(store.record(transition('b', 'completed'))).rejects.toMatchObject({ code: 'state_unusable' });
  });
});

describe('the link in the home', () => {
  it('points to the create-cluster state that was worked on last', async () => {
    const paths = await makePaths();
    const other = statePaths(paths.home, 'other', PLAN);
    await recordAll(paths, [transition('a', 'completed')]);
    expect(readJson(join(paths.home, 'install-state.json')).cluster_name).toBe(CLUSTER);
    await recordAll(other, [transition('a', 'completed')]);
    expect(readlinkSync(join(paths.home, 'install-state.json'))).toBe(`state/other/${PLAN}/install-state.json`);
  });

  it("is left alone by a user's own plan", async () => {
    const paths = await makePaths('my-plan');
    await recordAll(paths, [transition('a', 'completed')]);
    expect(existsSync(join(paths.home, 'install-state.json'))).toBe(false);
  });
});

describe('a state that cannot be used', () => {
  it.each(['1.2', '2.0'])('of version %s is refused and left untouched', async (version) => {
    const paths = await makePaths();
    await mkdir(paths.folder, { recursive: true });
    const text = JSON.stringify({ version, cluster_name: CLUSTER, steps: 'of a later kind' });
    writeFileSync(paths.state, text);
    const error = { code: 'state_unusable', exitCode: 5, message: expect.stringContaining(version) as string };
    await expect(open(paths)).rejects.toMatchObject(error);
    expect(() => readState(paths)).toThrow(/newer installer/);
    expect(readFileSync(paths.state, 'utf8')).toBe(text);
    expect(copiesIn(paths.folder)).toEqual([]);
  });

  it.each([
    ['empty', ''],
    ['truncated', '{"version":"1.1","clus'],
    ['no JSON', 'hello'],
    ['not an object', '[]'],
    ["another cluster's", JSON.stringify({ version: '1.1', cluster_name: 'b', revision: 1, steps: {} })],
  ])('since it is %s is refused with what to do, and left untouched', async (_, text) => {
    const paths = await makePaths();
    await mkdir(paths.folder, { recursive: true });
    writeFileSync(paths.state, text);
    await expect(open(paths)).rejects.toMatchObject({
      code: 'state_unusable',
      details: { hint: expect.stringContaining('--reset') as string },
    });
    expect(readFileSync(paths.state, 'utf8')).toBe(text);
  });

  it('is refused to a plan of the same name from another path', async () => {
    const paths = await makePaths('mine');
    const store = await open(paths, '/plans/one/mine.yaml');
    await store.record(transition('a', 'completed'));
    await store.close();
    await expect(open(paths, '/plans/two/mine.yaml')).rejects.toThrow(
      /recorded from \/plans\/one\/mine.yaml, not from/,
    );
    const again = await open(paths, '/plans/one/mine.yaml');
    expect(again.step('a')?.status).toBe('completed');
    await again.close();
  });

  it('since the home is a file is refused', async () => {
    const paths = await makePaths();
    const home = join(paths.home, 'file');
    writeFileSync(home, '');
    await expect(open(statePaths(home, CLUSTER, PLAN))).rejects.toMatchObject({ code: 'state_unusable', exitCode: 5 });
    expect(lstatSync(home).isFile()).toBe(true);
  });
});
