import { ENGINE, engine, FLOOR, spawnLoop } from './engine-runs.ts';
import { interleave, median, ratiosTo, without } from './measure.ts';
import { obtain } from './peers/python-packages.ts';
import { bashJq } from './peers/shell-loops.ts';
import { ansible } from './peers/task-runners.ts';
import { type Bound, makeRow, missingRow, type Row } from './row.ts';
import type { Target } from './target.ts';
import type { Workspace } from './workspace.ts';

const STEPS = 1000;
/** Ansible takes a tenth of a second for a step: the cost of one is the slope between two short plays. */
const ANSIBLE_FEW = 10;
const ANSIBLE_MANY = 60;

/** How much faster than the usual ways. */
export const p3: Target = {
  id: 'P3',
  measure: async (workspace) => [await againstJq(workspace), await againstAnsible(workspace)],
};

async function againstJq(workspace: Workspace): Promise<Row> {
  const id = 'P3';
  const title = `${STEPS} steps: times faster than bash that keeps its state with jq`;
  const bound: Bound = { at: 'least', value: 20 };
  const peer = bashJq(workspace, STEPS);
  if (peer === undefined) return missingRow(id, title, bound, 'jq is not on the PATH');
  const samples = await interleave([engine(workspace, STEPS, 'chain'), spawnLoop(workspace, STEPS), peer], 2);
  const value = ratiosTo(ENGINE, samples)[peer.name] ?? Number.NaN;
  return makeRow({ id, title, value, bound, peers: without(ratiosTo(FLOOR, samples), FLOOR) });
}

async function againstAnsible(workspace: Workspace): Promise<Row> {
  const id = 'P3';
  const title = 'a step: times faster than one of Ansible, its start left out';
  const bound: Bound = { at: 'least', value: 50 };
  const program = await obtain(workspace, 'ansible-playbook', 'ansible-core');
  if (program === undefined) return missingRow(id, title, bound, 'ansible-playbook could not be had');
  const few = ansible(workspace, ANSIBLE_FEW, program);
  const many = ansible(workspace, ANSIBLE_MANY, program);
  const samples = await interleave([engine(workspace, STEPS, 'chain'), spawnLoop(workspace, STEPS), few, many], 2);
  const cost = (name: string) => median(samples.get(name) ?? []);
  const step = (cost(many.name) - cost(few.name)) / (ANSIBLE_MANY - ANSIBLE_FEW);
  const peers = { [ENGINE]: cost(ENGINE) / cost(FLOOR), ansible: (step * STEPS) / cost(FLOOR) };
  return makeRow({ id, title, value: (step * STEPS) / cost(ENGINE), bound, peers });
}
