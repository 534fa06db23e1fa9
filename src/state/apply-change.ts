import type { Change, StepRecord } from '../engine/record.ts';
import type { StateDocument } from './document.ts';

/** Fields of the document that are not a run's to set. */
const OWN_FIELDS = new Set(['version', 'cluster_name', 'revision', 'updated_at', 'steps', '__proto__']);

/**
 * Merges a change into a document, in place; at a cost that does not grow with the number of steps.
 * A step's record is replaced, never altered, so that one handed out earlier stays what it was.
 * `null` removes a field; `undefined` leaves it, as it would after a passage through JSON.
 */
export function applyChange(document: StateDocument, change: Change, revision: number): void {
  document.revision = revision;
  document.updated_at = change.at;
  if (change.run !== undefined) mergeFields(document, change.run, OWN_FIELDS);
  for (const [id, fields] of Object.entries(change.steps ?? {})) {
    if (id === '__proto__') continue;
    const known = Object.hasOwn(document.steps, id) ? document.steps[id] : undefined;
    const next: StepRecord = { status: 'pending', ...known };
    mergeFields(next, fields);
    next.updated_at = change.at;
    document.steps[id] = next;
  }
  for (const id of change.forget ?? []) delete document.steps[id];
}

function mergeFields(target: Record<string, unknown>, fields: object, except?: ReadonlySet<string>): void {
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined || except?.has(name)) continue;
    if (value === null) delete target[name];
    else target[name] = value;
  }
}
