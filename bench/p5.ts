import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram, runChild } from './child.ts';
import { engineArgs } from './engine-runs.ts';
import { type Bound, makeRow, missingRow } from './row.ts';
import type { Target } from './target.ts';
import type { Workspace } from './workspace.ts';

const FEW = 100;
const MANY = 300;
const TITLE = 'fdatasync calls for each further step of a chain';
const BOUND: Bound = { at: 'most', value: 1, unit: '' };

/** Durability costs one wait for the disk a step: the end of one and the start of the next in the same one. */
export const p5: Target = {
  id: 'P5',
  async measure(workspace) {
    if (findProgram('strace') === undefined) return [missingRow('P5', TITLE, BOUND, 'strace is not on the PATH')];
    const few = await countSyncs(workspace, FEW);
    const many = await countSyncs(workspace, MANY);
    const value = (many.data - few.data) / (MANY - FEW);
    const note = `${FEW} steps: ${few.data} fdatasync, ${few.full} fsync; ${MANY}: ${many.data}, ${many.full}`;
    return [makeRow({ id: 'P5', title: TITLE, value, bound: BOUND, note })];
  },
};

async function countSyncs(workspace: Workspace, steps: number): Promise<{ data: number; full: number }> {
  const trace = join(workspace.makeFolder(), 'trace');
  const words = ['-f', '--seccomp-bpf', '-e', 'trace=fsync,fdatasync', '-o', trace];
  await runChild('strace', [...words, process.execPath, ...engineArgs(workspace, steps, 'chain')], workspace);
  const lines = readFileSync(trace, 'utf8').split('\n');
  const count = (call: string) => lines.filter((line) => line.includes(` ${call}(`)).length;
  return { data: count('fdatasync'), full: count('fsync') };
}
