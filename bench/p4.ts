import { runChild } from './child.ts';
import { engineArgs } from './engine-runs.ts';
import { type Candidate, interleave, ratiosTo } from './measure.ts';
import { makeRow, type Row } from './row.ts';
import type { Target } from './target.ts';
import type { Workspace } from './workspace.ts';

const FEW = 1_000;
const MANY = 10_000;
const ROUNDS = 3;

/** A step costs the same in a long plan, and the engine stays small. */
export const p4: Target = {
  id: 'P4',
  measure: async (workspace) => [...(await scale(workspace, 'chain')), ...(await scale(workspace, 'wide'))],
};

async function scale(workspace: Workspace, shape: 'chain' | 'wide'): Promise<readonly Row[]> {
  let rssMb = 0;
  const perStep = (steps: number): Candidate => ({
    name: String(steps),
    run: async () => {
      const { stdout } = await runChild(process.execPath, engineArgs(workspace, steps, shape), workspace);
      const measured = JSON.parse(stdout) as { ms: number; rssMb: number };
      if (steps === MANY) rssMb = Math.max(rssMb, measured.rssMb);
      return measured.ms / steps;
    },
  });
  const samples = await interleave([perStep(FEW), perStep(MANY)], ROUNDS);
  return [
    makeRow({
      id: 'P4',
      title: `${shape} of ${MANY} steps: cost of a step, to one of ${FEW}`,
      value: ratiosTo(String(FEW), samples)[String(MANY)] ?? Number.NaN,
      bound: { at: 'most', value: 1.25 },
    }),
    makeRow({
      id: 'P4',
      title: `${shape} of ${MANY} steps: resident memory at its peak`,
      value: rssMb,
      bound: { at: 'most', value: 130, unit: ' MB' },
    }),
  ];
}
