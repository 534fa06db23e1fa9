import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Change } from '../../../src/engine/record.ts';
import { statePaths } from '../../../src/state/paths.ts';
import { readState } from '../../../src/state/read-state.ts';

/** How a writer keeps its document: our store, or one of the controls that must fail where ours does not. */
export const KEEPERS = ['store', 'lowdb', 'overwrite'] as const;
export type Keeper = (typeof KEEPERS)[number];

export const CLUSTER = 'crash';
export const PLAN = 'create-cluster';
const STEPS = 4;

/** The n-th change of every writer: what the document has to hold follows from the number of changes alone. */
export function changeOf(n: number): Change {
  return {
    at: new Date(n).toISOString(),
    run: { counter: n },
    steps: { [`s${n % STEPS}`]: { status: 'in_progress', n } },
  };
}

/** Where the controls keep their document. */
export function controlFile(home: string): string {
  return join(home, 'state.json');
}

/**
 * Compares what a writer left behind with what it acknowledged.
 *
 * @param acknowledged number of the last change whose record had resolved
 * @returns what is wrong; undefined when nothing was lost or mixed up
 */
export function findLoss(keeper: Keeper, home: string, acknowledged: number): string | undefined {
  let document: Record<string, unknown> | undefined;
  try {
    document =
      keeper === 'store'
        ? readState(statePaths(home, CLUSTER, PLAN)).document
        : (JSON.parse(readFileSync(controlFile(home), 'utf8')) as Record<string, unknown>);
  } catch (thrown) {
    if (keeper !== 'store' && acknowledged === 0) return undefined;
    return `unreadable: ${thrown instanceof Error ? thrown.message : String(thrown)}`;
  }
  const counter = Number(document?.counter ?? 0);
  if (counter < acknowledged) return `change ${acknowledged} was acknowledged, the document ends with ${counter}`;
  const steps = (document?.steps ?? {}) as Record<string, { n?: number }>;
  for (let step = 0; step < STEPS; step += 1) {
    const last = counter - ((counter - step + STEPS) % STEPS);
    const expected = last > 0 ? last : undefined;
    if (steps[`s${step}`]?.n === expected) continue;
    return `after change ${counter}, step s${step} holds ${steps[`s${step}`]?.n}, not ${expected}`;
  }
  return undefined;
}
