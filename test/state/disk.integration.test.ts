import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { acquireLock } from '../../src/state/lock.ts';
import { statePaths } from '../../src/state/paths.ts';
import { readState } from '../../src/state/read-state.ts';
import { makeTempFolder } from '../support/temp-folder.ts';
import { whyNoFaults } from './crash/harness.ts';
import { CLUSTER, open, PLAN, recordAll, transition } from './support.ts';

const noFaults = whyNoFaults();
const isRoot = process.getuid?.() === 0;

describe.skipIf(!isRoot)(`a home on a file system of its own${isRoot ? '' : ' (skipped: mounting needs root)'}`, () => {
  it('that fills up during a run stops it, and what was recorded stays readable', async () => {
    const paths = statePaths(await mountTmpfs('size=4m'), CLUSTER, PLAN);
    const store = await open(paths);
    await store.record(transition('a', 'completed'));
    writeFileSync(join(paths.home, 'filler'), Buffer.alloc(2800 * 1024));
    let recorded = 0;
    const filling = async (): Promise<void> => {
      for (;;) {
        await store.record(transition('b', 'in_progress', { filler: 'x'.repeat(20_000), n: recorded + 1 }));
        recorded += 1;
      }
    };
    await expect(filling()).rejects.toMatchObject({
      code: 'state_unusable',
      class: 'disk_full',
      details: { hint: expect.stringContaining('free some space') as string },
    });
    await expect(store.record(transition('c', 'completed'))).rejects.toMatchObject({ code: 'state_unusable' });
    await store.close();
    expect(Number(readState(paths).document?.steps.b?.n)).toBeGreaterThanOrEqual(recorded);
    rmSync(join(paths.home, 'filler'));
    await recordAll(paths, [transition('c', 'completed')]);
    expect(readState(paths).document?.steps).toMatchObject({ a: { status: 'completed' }, c: { status: 'completed' } });
  });

  it('that is full is refused before anything is started', async () => {
    const paths = statePaths(await mountTmpfs('size=1200k'), CLUSTER, PLAN);
    writeFileSync(join(paths.home, 'filler'), Buffer.alloc(500 * 1024));
    await expect(open(paths)).rejects.toMatchObject({ code: 'state_unusable', exitCode: 5 });
  });

  it('that cannot be written is refused by the lock, with what to do', async () => {
    const home = await mountTmpfs('size=1m');
    expect(spawnSync('mount', ['-o', 'remount,ro', home]).status).toBe(0);
    await expect(acquireLock(statePaths(home, CLUSTER, PLAN), { command: 'x' })).rejects.toMatchObject({
      code: 'state_unusable',
      details: { hint: expect.stringContaining('CONTEXTCORE_HOME') as string },
    });
  });
});

describe.skipIf(noFaults !== undefined)(
  `a chain of steps${noFaults === undefined ? '' : ` (skipped: ${noFaults})`}`,
  () => {
    it('costs one fdatasync a step: the end of one and the start of the next are made durable together', async () => {
      const folder = await makeTempFolder();
      const log = join(folder, 'strace.log');
      const script = join(import.meta.dirname, 'crash/chain.ts');
      const args = ['-f', '-o', log, '-e', 'trace=fdatasync', process.execPath, script, join(folder, 'home'), '200'];
      expect(spawnSync('strace', args).status).toBe(0);
      const calls = readFileSync(log, 'utf8')
        .split('\n')
        .filter((line) => /fdatasync\(/.test(line)).length;
      expect(calls).toBeGreaterThan(100);
      expect(calls).toBeLessThanOrEqual(200 + 5);
    });
  },
);

/** A small file system in memory, as the test's home. */
async function mountTmpfs(options: string): Promise<string> {
  const home = join(await makeTempFolder(), 'home');
  mkdirSync(home);
  const { status, stderr } = spawnSync('mount', ['-t', 'tmpfs', '-o', options, 'tmpfs', home], { encoding: 'utf8' });
  expect(status, stderr).toBe(0);
  onTestFinished(() => void spawnSync('umount', ['-l', home]));
  return home;
}
