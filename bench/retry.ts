import { runChild } from './child.ts';
import { type Candidate, interleave, ratiosTo, without } from './measure.ts';
import { makeRow } from './row.ts';
import type { Target } from './target.ts';

const ROUNDS = 5;
const CALLS = 500;
const US = 'guarded';
const FLOOR = 'plain';

/** What a guarded call costs: breaker on disk, retry, statistics. */
export const retry: Target = {
  id: 'RETRY',
  async measure(workspace) {
    const candidate = (name: string): Candidate => ({
      name,
      run: async () => {
        // As the launchers start it: a fork pays for the garbage of its parent.
        const args = [
          '--max-semi-space-size=1',
          ...workspace.fixture('guarded-calls', name, CALLS, workspace.makeFolder()),
        ];
        const { stdout } = await runChild(process.execPath, args, workspace);
        return (JSON.parse(stdout) as { ms: number }).ms;
      },
    });
    const ratios = ratiosTo(FLOOR, await interleave([candidate(US), candidate(FLOOR), candidate('cockatiel')], ROUNDS));
    return [
      makeRow({
        id: 'RETRY',
        title: 'the cheapest command through the guard, to the same command alone',
        value: ratios[US] ?? Number.NaN,
        bound: { at: 'most', value: 1.05 },
        peers: without(ratios, US, FLOOR),
      }),
    ];
  },
};
