import { existsSync } from 'node:fs';
import type { StepRecord, StepStatus } from '../engine/record.ts';
import { makeFolderDurably, writeDurably } from '../system/durable-file.ts';
import { keepDatedCopy, moveToDatedCopy } from './dated-copy.ts';
import type { ForeignDocument } from './document.ts';
import { pointLinkHere } from './link.ts';
import type { StatePaths } from './paths.ts';
import { cannotWrite } from './unusable.ts';
import { STATE_VERSION } from './version.ts';

/** What is known of a lost state from elsewhere. Times in milliseconds since the epoch. */
export interface KnownState {
  cluster: string;
  /** When its latest run was started. */
  startedAt: number;
  planHash?: string;
  /** As found on the installation itself. */
  provider?: string;
  installId?: string;
  options?: Record<string, unknown>;
  steps: Readonly<
    Record<string, { status: StepStatus; at: number; startedAt?: number; completedAt?: number; attempts?: number }>
  >;
}

/**
 * A document of what is known. No step of it is verified, so that the next run observes each before it is trusted; the
 * plan is not named, since where its file lies is not known.
 *
 * @param from where it is known from, without credentials
 * @param now milliseconds since the epoch
 */
export function rebuildDocument(known: KnownState, from: string, now: number): ForeignDocument {
  const { cluster, startedAt, planHash, provider, installId, options } = known;
  const steps = Object.entries(known.steps).map(([id, step]): [string, StepRecord] => [
    id,
    {
      status: step.status,
      ...(step.startedAt === undefined ? {} : { started_at: iso(step.startedAt) }),
      ...(step.completedAt === undefined ? {} : { completed_at: iso(step.completedAt) }),
      updated_at: iso(step.at),
      ...(step.attempts === undefined ? {} : { attempts: step.attempts }),
      verified: false,
    },
  ]);
  return {
    version: STATE_VERSION,
    cluster_name: cluster,
    started_at: iso(startedAt),
    updated_at: iso(now),
    ...(planHash === undefined ? {} : { plan_hash: planHash }),
    ...(provider === undefined ? {} : { provider }),
    ...(installId === undefined ? {} : { install_id: installId }),
    ...(options === undefined ? {} : { options }),
    rebuilt: { at: iso(now), from },
    steps: Object.fromEntries(steps),
  };
}

/**
 * Puts a document in the place of a state, of which dated copies are kept. The caller holds the lock, and has asked.
 *
 * @returns paths of the copies
 * @throws InstallerError `state_unusable` when it cannot be written
 */
export async function replaceState(paths: StatePaths, document: ForeignDocument): Promise<readonly string[]> {
  const now = new Date();
  const copies: string[] = [];
  try {
    makeFolderDurably(paths.folder);
    if (existsSync(paths.state)) copies.push(await keepDatedCopy(paths.state, now));
    // Without a revision of its own it is taken as it is, should a crash leave the old journal beside it.
    await writeDurably(paths.state, `${JSON.stringify(document, null, 2)}\n`);
    const journal = await moveToDatedCopy(paths.journal, now);
    if (journal !== undefined) copies.push(journal);
    await pointLinkHere(paths);
  } catch (thrown) {
    throw cannotWrite(paths.folder, thrown);
  }
  return copies;
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}
