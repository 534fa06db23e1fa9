import { runChild } from './child.ts';
import { type Candidate, interleave, ratiosTo } from './measure.ts';
import { makeRow } from './row.ts';
import type { Target } from './target.ts';

const ROUNDS = 7;

/** What keeping the state costs, however much of it there is. */
export const p6: Target = {
  id: 'P6',
  async measure(workspace) {
    const candidate = (kind: 'ours' | 'lowdb', steps: number, count: number): Candidate => ({
      name: `${kind} at ${steps}`,
      run: async () => {
        const args = workspace.fixture('store-transitions', kind, steps, count, workspace.makeFolder());
        const { stdout } = await runChild(process.execPath, args, workspace);
        return (JSON.parse(stdout) as { ms: number }).ms;
      },
    });
    const samples = await interleave(
      [
        candidate('ours', 10, 2000),
        candidate('ours', 10_000, 2000),
        candidate('lowdb', 10, 200),
        candidate('lowdb', 10_000, 40),
      ],
      ROUNDS,
    );
    const toSmall = ratiosTo('ours at 10', samples);
    const toLarge = ratiosTo('ours at 10000', samples);
    return [
      makeRow({
        id: 'P6',
        title: 'a durable transition with 10,000 steps in the state, to one with 10',
        value: toSmall['ours at 10000'] ?? Number.NaN,
        bound: { at: 'most', value: 1.25 },
        peers: { 'stock lowdb': ratiosTo('lowdb at 10', samples)['lowdb at 10000'] ?? Number.NaN },
      }),
      makeRow({
        id: 'P6',
        title: 'times cheaper than stock lowdb, which is not durable, with 10,000 steps',
        value: toLarge['lowdb at 10000'] ?? Number.NaN,
        bound: { at: 'least', value: 80 },
      }),
    ];
  },
};
