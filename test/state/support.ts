import { readdirSync, readFileSync } from 'node:fs';
import type { Change, StepStatus } from '../../src/engine/record.ts';
import { type StatePaths, statePaths } from '../../src/state/paths.ts';
import { openState, type StateStore } from '../../src/state/store.ts';
import { makeTempFolder } from '../support/temp-folder.ts';

export const CLUSTER = 'o11y-dev';
export const PLAN = 'create-cluster';

/** A document as other programs wrote it before this one: version 1.0, whole seconds, few fields. */
export const SEED_DOCUMENT = {
  version: '1.0',
  cluster_name: CLUSTER,
  started_at: '2026-01-22T15:30:00Z',
  updated_at: '2026-01-22T15:35:00Z',
  steps: {
    preflight: { status: 'completed', completed_at: '2026-01-22T15:30:05Z' },
    pods_ready: { status: 'in_progress', started_at: '2026-01-22T15:32:31Z', attempts: 1 },
  },
};

export async function makePaths(plan = PLAN): Promise<StatePaths> {
  return statePaths(await makeTempFolder(), CLUSTER, plan);
}

export function open(paths: StatePaths, planPath?: string): Promise<StateStore> {
  const { cluster, plan } = paths;
  return openState(paths, { cluster, plan, ...(planPath === undefined ? {} : { planPath }) });
}

let clock = Date.parse('2026-03-01T00:00:00.000Z');

/** A transition of one step, a millisecond after the one before. */
export function transition(step: string, status: StepStatus, more: Record<string, unknown> = {}): Change {
  clock += 1;
  return { at: new Date(clock).toISOString(), steps: { [step]: { status, ...more } } };
}

/** Opens a state, records these changes and closes it. */
export async function recordAll(paths: StatePaths, changes: readonly Change[]): Promise<void> {
  const store = await open(paths);
  for (const change of changes) await store.record(change);
  await store.close();
}

/** Dated copies in a folder. */
export function copiesIn(folder: string): readonly string[] {
  return readdirSync(folder).filter((name) => name.endsWith('.bak'));
}

export function readJson(path: string): Record<string, unknown> {
  return JSON.parse(readFileSync(path, 'utf8')) as Record<string, unknown>;
}
