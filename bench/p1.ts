import { ENGINE, EXECA, engine, execaLoop, FLOOR, spawnLoop, TRACED } from './engine-runs.ts';
import { interleave, ratiosTo, without } from './measure.ts';
import { obtain } from './peers/python-packages.ts';
import { bashMarkers } from './peers/shell-loops.ts';
import { just, make } from './peers/task-runners.ts';
import { buildPrograms } from './programs.ts';
import { startReceiver } from './receiver.ts';
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
    await buildPrograms();
    const receiver = await startReceiver('healthy');
    try {
      const own = [engine(workspace, STEPS, 'chain'), engine(workspace, STEPS, 'chain', receiver)];
      const samples = await interleave([spawnLoop(workspace, STEPS), ...own, ...peers], ROUNDS);
      const ratios = ratiosTo(FLOOR, samples);
      const row = (title: string, value: number | undefined, bound: number, others = {}) =>
        makeRow({
          id: 'P1',
          title: `durable chain of ${STEPS} steps, ${title}`,
          value: value ?? Number.NaN,
          bound: { at: 'most', value: bound },
          peers: others,
        });
      return [
        row('without spans, to a bare spawn loop', ratios[ENGINE], 1.3, without(ratios, ENGINE, TRACED)),
        row('traced and spooled, to a bare spawn loop', ratios[TRACED], 1.5),
        row('traced and spooled, to an execa loop', ratiosTo(EXECA, samples)[TRACED], 0.75),
      ];
    } finally {
      receiver.close();
    }
  },
};
