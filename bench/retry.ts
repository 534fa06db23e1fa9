import { execFileSync } from 'node:child_process';
import { runChild } from './child.ts';
import { ratiosTo, without } from './measure.ts';
import { makeRow } from './row.ts';
import type { Target } from './target.ts';
import type { Workspace } from './workspace.ts';

const ROUNDS = 5;
const CALLS = 200;
const US = 'guarded';
const FLOOR = 'plain';

/** What a guarded call costs: breaker on disk, retry, statistics. */
export const retry: Target = {
  id: 'RETRY',
  async measure(workspace) {
    const repository = workspace.makeFolder();
    execFileSync('git', ['init', '--quiet', '--bare', repository]);
    const question = await ratiosOf(workspace, ['git', 'ls-remote', repository]);
    const nothing = await ratiosOf(workspace, ['true']);
    return [
      makeRow({
        id: 'RETRY',
        title: 'a guarded call (git ls-remote of a repository on this disk), to the same call alone',
        value: question[US] ?? Number.NaN,
        bound: { at: 'most', value: 1.05 },
        peers: without(question, US, FLOOR),
        note: `where the command is \`true\`: ${nothing[US]?.toPrecision(3)}x, cockatiel ${nothing.cockatiel?.toPrecision(3)}x`,
      }),
    ];
  },
};

async function ratiosOf(workspace: Workspace, command: readonly string[]): Promise<Record<string, number>> {
  const samples = new Map<string, number[]>();
  for (let round = 0; round < ROUNDS; round += 1) {
    // As the launchers start it: a fork pays for the garbage of its parent.
    const args = [
      '--max-semi-space-size=1',
      ...workspace.fixture('guarded-calls', CALLS, workspace.makeFolder(), ...command),
    ];
    const medians = JSON.parse((await runChild(process.execPath, args, workspace)).stdout) as Record<string, number>;
    for (const [name, ms] of Object.entries(medians)) samples.set(name, [...(samples.get(name) ?? []), ms]);
  }
  return ratiosTo(FLOOR, samples);
}
