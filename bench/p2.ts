import { ENGINE, engine, FLOOR, spawnLoop, TRACED } from './engine-runs.ts';
import { interleave, ratiosTo, without } from './measure.ts';
import { make } from './peers/task-runners.ts';
import { buildPrograms } from './programs.ts';
import { startReceiver } from './receiver.ts';
import { makeRow } from './row.ts';
import type { Target } from './target.ts';

const STEPS = 1000;
const ROUNDS = 5;

/** What a durable step costs, four at once. */
export const p2: Target = {
  id: 'P2',
  async measure(workspace) {
    await buildPrograms();
    const receiver = await startReceiver('healthy');
    try {
      const candidates = [
        spawnLoop(workspace, STEPS),
        spawnLoop(workspace, STEPS, 2),
        engine(workspace, STEPS, 'wide'),
        engine(workspace, STEPS, 'wide', receiver),
        make(workspace, STEPS, 'wide') ?? [],
      ].flat();
      const ratios = ratiosTo(FLOOR, await interleave(candidates, ROUNDS));
      const row = (how: string, name: string, peers = {}) =>
        makeRow({
          id: 'P2',
          title: `${STEPS} independent steps, 4 at once, ${how}, to a serial spawn loop`,
          value: ratios[name] ?? Number.NaN,
          bound: { at: 'most', value: 1.1 },
          peers,
        });
      return [row('without spans', ENGINE, without(ratios, ENGINE, TRACED)), row('traced and spooled', TRACED)];
    } finally {
      receiver.close();
    }
  },
};
