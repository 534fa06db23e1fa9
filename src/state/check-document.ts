import { STEP_STATUSES } from '../engine/record.ts';
import type { ForeignDocument } from './document.ts';
import { judgeVersion } from './version.ts';

/** A document found in a file, or why there is none. */
export type Found =
  | { kind: 'absent' }
  | { kind: 'bad'; reason: string }
  | { kind: 'newer'; version: string }
  | { kind: 'document'; document: ForeignDocument; older: boolean };

const STATUSES: ReadonlySet<unknown> = new Set(STEP_STATUSES);

/** Parses and checks the bytes of a state file; loads nothing but this, so that `--status` starts at once. */
export function checkBytes(bytes: Buffer | undefined, cluster?: string): Found {
  if (bytes === undefined) return { kind: 'absent' };
  if (bytes.length === 0) return { kind: 'bad', reason: 'it is empty' };
  try {
    return checkDocument(JSON.parse(bytes.toString('utf8')), cluster);
  } catch (thrown) {
    return { kind: 'bad', reason: thrown instanceof Error ? thrown.message : String(thrown) };
  }
}

/**
 * Checks as much of a document as every reader relies on.
 *
 * @param cluster whose document it has to be; absent: anybody's
 */
export function checkDocument(value: unknown, cluster?: string): Found {
  if (!isRecord(value)) return { kind: 'bad', reason: 'it is not a JSON object' };
  const { version, cluster_name: name, revision, steps } = value;
  const judged = judgeVersion(version);
  if (judged === 'bad')
    return { kind: 'bad', reason: `version: ${JSON.stringify(version)} is none of this installer's` };
  if (judged === 'newer') return { kind: 'newer', version: String(version) };
  const reason = findWrong(name, revision, steps, cluster);
  if (reason !== undefined) return { kind: 'bad', reason };
  return { kind: 'document', document: value as unknown as ForeignDocument, older: judged === 'older' };
}

function findWrong(name: unknown, revision: unknown, steps: unknown, cluster: string | undefined): string | undefined {
  if (typeof name !== 'string' || name === '') return 'cluster_name: a text is expected';
  if (cluster !== undefined && name !== cluster) return `cluster_name: it is of cluster "${name}", not of "${cluster}"`;
  if (revision !== undefined && !(Number.isSafeInteger(revision) && Number(revision) >= 0)) {
    return 'revision: a whole number is expected';
  }
  if (!isRecord(steps)) return 'steps: an object is expected';
  for (const [id, step] of Object.entries(steps)) {
    if (!isRecord(step)) return `steps.${id}: an object is expected`;
    if (!STATUSES.has(step.status)) return `steps.${id}.status: one of ${STEP_STATUSES.join(', ')} is expected`;
  }
  return undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
