import { ENGINE, engine, FLOOR, spawnLoop } from './engine-runs.ts';
import { interleave, ratiosTo, without } from './measure.ts';
import { make } from './peers/task-runners.ts';
import { makeRow } from './row.ts';
import type { Target } from './target.ts';

const STEPS = 1000;
const ROUNDS = 5;

/** What a durable step costs, four at once. */
export const p2: Target = {
  id: 'P2',
  async measure(workspace) {
    const candidates = [
      spawnLoop(workspace, STEPS),
      spawnLoop(workspace, STEPS, 2),
      engine(workspace, STEPS, 'wide'),
      make(workspace, STEPS, 'wide') ?? [],
    ].flat();
    const ratios = ratiosTo(FLOOR, await interleave(candidates, ROUNDS));
    return [
      makeRow({
        id: 'P2',
        title: `${STEPS} independent steps, 4 at once, without spans, to a serial spawn loop`,
        value: ratios[ENGINE] ?? Number.NaN,
        bound: { at: 'most', value: 1.1 },
        peers: without(ratios, ENGINE),
      }),
    ];
  },
};
