import { ENGINE, engine, execaLoop, FLOOR, spawnLoop } from './engine-runs.ts';
import { interleave, ratiosTo, without } from './measure.ts';
import { obtain } from './peers/python-packages.ts';
import { bashMarkers } from './peers/shell-loops.ts';
import { just, make } from './peers/task-runners.ts';
import { makeRow } from './row.ts';
import type { Target } from './target.ts';

const STEPS = 1000;
const ROUNDS = 5;

/** What a durable step costs, one after the other. */
export const p1: Target = {
  id: 'P1',
  async measure(workspace) {
    const justProgram = await obtain(workspace, 'just', 'rust-just');
    const peers = [
      execaLoop(workspace, STEPS),
      bashMarkers(workspace, STEPS),
      make(workspace, STEPS, 'chain') ?? [],
      justProgram === undefined ? [] : just(workspace, STEPS, justProgram),
    ].flat();
    const candidates = [spawnLoop(workspace, STEPS), engine(workspace, STEPS, 'chain'), ...peers];
    const ratios = ratiosTo(FLOOR, await interleave(candidates, ROUNDS));
    return [
      makeRow({
        id: 'P1',
        title: `durable chain of ${STEPS} steps, without spans, to a bare spawn loop`,
        value: ratios[ENGINE] ?? Number.NaN,
        bound: { at: 'most', value: 1.3 },
        peers: without(ratios, ENGINE),
      }),
    ];
  },
};
