import { findStack, installByHand, type Stack } from './kind-by-hand.ts';
import { prepareInstallation } from './kind-by-us.ts';
import { median } from './measure.ts';
import { type Bound, makeRow, missingRow, type Row } from './row.ts';
import type { Target } from './target.ts';
import type { Workspace } from './workspace.ts';

const ROUNDS = 2;
const AFTER_KILL: readonly string[] = ['manifests_apply', 'pods_ready', 'services_verify', 'metrics_seed'];
const TITLES = {
  install: 'create-cluster on kind, to the bare commands in a row',
  resume: 'resume after a kill: beyond what the remaining steps took',
  again: 'an unchanged, healthy installation is recognised',
} as const;
const BOUNDS: Readonly<Record<keyof typeof TITLES, Bound>> = {
  install: { at: 'most', value: 1 },
  resume: { at: 'most', value: 1, unit: ' s' },
  again: { at: 'most', value: 2, unit: ' s' },
};

/** A whole installation on a real cluster, against the same components installed by hand. */
export const p10: Target = {
  id: 'P10',
  async measure(workspace) {
    const stack = await findStack();
    if (typeof stack !== 'string') return await compare(workspace, stack);
    const keys = Object.keys(TITLES) as (keyof typeof TITLES)[];
    return keys.map((key) => missingRow('P10', TITLES[key], BOUNDS[key], stack));
  },
};

async function compare(workspace: Workspace, stack: Stack): Promise<readonly Row[]> {
  const name = `bench-${process.pid}`;
  const ratios: number[] = [];
  const again: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const byHand = await installByHand(workspace, `${name}-hand`, stack);
    const ours = await prepareInstallation(workspace, `${name}-${round}`, stack);
    try {
      ratios.push((await ours.run()) / byHand);
      again.push(await ours.run());
    } finally {
      await ours.remove();
    }
  }
  const row = (key: keyof typeof TITLES, value: number) =>
    makeRow({
      id: 'P10',
      title: TITLES[key],
      value,
      bound: BOUNDS[key],
      note: `components: ${stack.components.join(', ')}`,
    });
  return [
    row('install', median(ratios)),
    row('resume', await measureResume(workspace, `${name}-kill`, stack)),
    row('again', median(again) / 1000),
  ];
}

/** Seconds that a resume takes beyond the time that its steps are recorded with. */
async function measureResume(workspace: Workspace, name: string, stack: Stack): Promise<number> {
  const ours = await prepareInstallation(workspace, name, stack);
  try {
    await ours.runAndKillAfter('cluster_create');
    const ms = await ours.run('--resume');
    const steps = await ours.steps();
    const remaining = AFTER_KILL.reduce((sum, id) => sum + Number(steps[id]?.duration_ms ?? 0), 0);
    return (ms - remaining) / 1000;
  } finally {
    await ours.remove();
  }
}
