import { runChild } from './child.ts';
import { engineArgs, type Shape, type Tracing } from './engine-runs.ts';
import { median } from './measure.ts';
import { buildPrograms } from './programs.ts';
import { startReceiver } from './receiver.ts';
import { makeRow, type Row } from './row.ts';
import type { Target } from './target.ts';
import type { Workspace } from './workspace.ts';

const FEW = 1_000;
const MANY = 10_000;

/** A step costs the same in a long plan, and the engine stays small; whoever listens, and whoever does not answer. */
export const p4: Target = {
  id: 'P4',
  async measure(workspace) {
    await buildPrograms();
    const [healthy, silent] = [await startReceiver('healthy'), await startReceiver('black hole')];
    try {
      return [
        ...(await scale(workspace, 'chain')),
        ...(await scale(workspace, 'wide')),
        ...(await scale(workspace, 'chain', ', traced and spooled', healthy)),
        ...(await scale(workspace, 'wide', ', traced, to a backend that never answers', silent)),
      ];
    } finally {
      healthy.close();
      silent.close();
    }
  },
};

async function scale(workspace: Workspace, shape: Shape, how = '', trace?: Tracing): Promise<readonly Row[]> {
  const run = async (steps: number) => {
    const args = engineArgs(workspace, steps, shape, trace);
    const { ms, rssMb } = JSON.parse((await runChild(process.execPath, args, workspace)).stdout) as {
      ms: number;
      rssMb: number;
    };
    return { perStep: ms / steps, rssMb };
  };
  // Before and after: the long run takes most of the time, and the machine may change meanwhile.
  const before = await run(FEW);
  const many = await run(MANY);
  const after = await run(FEW);
  return [
    makeRow({
      id: 'P4',
      title: `${shape} of ${MANY} steps${how}: cost of a step, to one of ${FEW}`,
      value: many.perStep / median([before.perStep, after.perStep]),
      bound: { at: 'most', value: 1.25 },
    }),
    makeRow({
      id: 'P4',
      title: `${shape} of ${MANY} steps${how}: resident memory at its peak`,
      value: many.rssMb,
      bound: { at: 'most', value: 130, unit: ' MB' },
      note: `${FEW} steps: ${Math.round(Math.max(before.rssMb, after.rssMb))} MB`,
    }),
  ];
}
