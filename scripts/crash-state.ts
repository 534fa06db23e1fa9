/**
 * Kills, starves and powers off writers of the state at will, and prints what was lost:
 * `node scripts/crash-state.ts [--kills N] [--cuts N] [--seed N]`. Exit 1 when anything was.
 */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { whyNoFaults } from '../test/state/crash/harness.ts';
import { cutPower, whyNoPowerCuts } from '../test/state/crash/power.ts';
import { killAtRandom } from '../test/state/crash/random-kills.ts';
import { FILE_CALLS, type SweepResult, sweep } from '../test/state/crash/sweep.ts';

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '1000' },
    cuts: { type: 'string', default: '100' },
    seed: { type: 'string', default: String(Date.now()) },
  },
});
const seed = Number(values.seed);
const folder = () => mkdtempSync(join(tmpdir(), 'ccx-crash-'));

const noFaults = whyNoFaults();
if (noFaults !== undefined) console.log(`skipped: faults at every system call: ${noFaults}`);
for (const effect of noFaults === undefined
  ? ['signal=KILL', 'error=ENOSPC', 'error=EIO', 'error=EMFILE', 'error=EAGAIN']
  : []) {
  const results: SweepResult[] = [];
  for (const [thread, call] of FILE_CALLS) {
    const lasting = effect === 'error=ENOSPC';
    results.push(await sweep({ keeper: 'store', thread, call, effect, lasting, folder: folder(), count: 20 }));
  }
  tell(`${effect} at every system call`, {
    points: results.reduce((sum, { points }) => sum + points, 0),
    failures: results.flatMap(({ failures }) => failures),
  });
}
tell('random kills', await killAtRandom({ keeper: 'store', kills: Number(values.kills), folder: folder(), seed }));
for (const fileSystem of ['ext4', 'xfs'] as const) {
  const reason = whyNoPowerCuts(fileSystem, folder());
  if (reason !== undefined) {
    console.log(`skipped: power cuts on ${fileSystem}: ${reason}`);
    continue;
  }
  const common = { fileSystem, seed };
  tell(
    `power cuts on ${fileSystem}`,
    await cutPower({ ...common, keeper: 'store', cuts: Number(values.cuts), folder: folder() }),
  );
  const control = await cutPower({ ...common, keeper: 'lowdb', cuts: 20, folder: folder(), untilFailure: true });
  console.log(
    `control, stock lowdb on ${fileSystem}: ${control.failures[0] ?? 'nothing lost, so this proves nothing'}`,
  );
  if (control.failures.length === 0) process.exitCode = 1;
}

function tell(what: string, { points, failures }: SweepResult): void {
  console.log(`${what}: ${points} points, ${failures.length} failures (seed ${seed})`);
  for (const failure of failures) console.log(`  ${failure}`);
  if (failures.length > 0) process.exitCode = 1;
}
