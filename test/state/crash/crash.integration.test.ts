import { mkdtempSync, rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { whyNoFaults } from './harness.ts';
import { cutPower, type FileSystem, whyNoPowerCuts } from './power.ts';
import { killAtRandom } from './random-kills.ts';
import { FILE_CALLS, sweep } from './sweep.ts';

const noFaults = whyNoFaults();
const probe = mkdtempSync(join(tmpdir(), 'ccx-crash-'));
const noCuts: Record<FileSystem, string | undefined> = {
  ext4: whyNoPowerCuts('ext4', probe),
  xfs: whyNoPowerCuts('xfs', probe),
};
rmSync(probe, { recursive: true });

describe.skipIf(noFaults !== undefined)(titleOf('a state whose writer is killed', noFaults), () => {
  it.each(FILE_CALLS)(
    'at every %s %s keeps every acknowledged change, and the next run goes on',
    async (thread, call) => {
      const folder = await crashFolder();
      const kills = await sweep({ keeper: 'store', thread, call, effect: 'signal=KILL', folder, count: 12 });
      expect(kills.failures).toEqual([]);
      const onPromptDisksOnly = thread === 'main' && call === 'fdatasync';
      if (!onPromptDisksOnly) expect(kills.points).toBeGreaterThan(0);
    },
  );

  it('fails this test when it is overwritten in place (control)', async () => {
    const folder = await crashFolder();
    const kills = await sweep({
      keeper: 'overwrite',
      thread: 'main',
      call: 'write',
      effect: 'signal=KILL',
      folder,
      count: 3,
    });
    expect(kills.failures.join()).toMatch(/unreadable/);
  });
});

it('a state whose writer is killed at any moment keeps every acknowledged change', async () => {
  const kills = await killAtRandom({ keeper: 'store', kills: 15, folder: await crashFolder(), seed: Date.now() });
  expect(kills.failures).toEqual([]);
});

describe.skipIf(noFaults !== undefined)(titleOf('a state whose disk fails', noFaults), () => {
  const faults = FILE_CALLS.flatMap(([thread, call]) => [
    [thread, call, 'ENOSPC', true] as const,
    [thread, call, 'EIO', false] as const,
    ...(call === 'openat' ? [[thread, call, 'EMFILE', true] as const] : []),
  ]);
  it.each(faults)('at every %s %s with %s stops cleanly and stays readable', async (thread, call, errno, lasting) => {
    const folder = await crashFolder();
    const effect = `error=${errno}`;
    const errors = await sweep({ keeper: 'store', thread, call, effect, lasting, folder, count: 12 });
    expect(errors.failures).toEqual([]);
  });
});

for (const fileSystem of ['ext4', 'xfs'] as const) {
  const reason = noCuts[fileSystem];
  describe.skipIf(reason !== undefined)(titleOf(`a state on ${fileSystem} whose power is cut`, reason), () => {
    it('keeps every acknowledged change', async () => {
      const folder = await crashFolder();
      const cuts = await cutPower({ keeper: 'store', fileSystem, cuts: 8, folder, seed: Date.now() });
      expect(cuts.failures).toEqual([]);
      expect(cuts.points).toBe(8);
    });

    it('fails this test with the stock lowdb adapter (control)', async () => {
      const folder = await crashFolder();
      const cuts = await cutPower({ keeper: 'lowdb', fileSystem, cuts: 20, folder, seed: 1, untilFailure: true });
      expect(cuts.failures).toHaveLength(1);
    });
  });
}

/** A skipped test says why. */
function titleOf(title: string, skipped: string | undefined): string {
  return skipped === undefined ? title : `${title} (skipped: ${skipped})`;
}

/** Kept when a test fails: it holds what the killed writer left. */
async function crashFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'ccx-crash-'));
  onTestFinished(({ task }) => (task.result?.state === 'fail' ? undefined : rm(folder, { recursive: true })));
  return folder;
}
