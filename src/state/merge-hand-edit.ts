import { isDeepStrictEqual } from 'node:util';
import type { StateDocument } from './document.ts';

/**
 * Joins what a user changed in the readable document with what the journal recorded after that document was written:
 * each field and each step that the user touched stays as the user left it.
 *
 * @param written the document as it was written
 * @param edited the document as it is found
 * @param latest the written document with everything that was recorded since
 */
export function mergeHandEdit(written: StateDocument, edited: StateDocument, latest: StateDocument): StateDocument {
  const fields = mergeKeys(written, edited, latest) as unknown as StateDocument;
  const steps = mergeKeys(written.steps, edited.steps, latest.steps) as StateDocument['steps'];
  // One more than any recorded: what is written next is not taken for the file that was edited.
  return { ...fields, steps, revision: latest.revision + 1 };
}

function mergeKeys(written: object, edited: object, latest: object): Record<string, unknown> {
  const [before, theirs, ours] = [written, edited, latest].map((value) => new Map(Object.entries(value))) as [
    Map<string, unknown>,
    Map<string, unknown>,
    Map<string, unknown>,
  ];
  const merged: Record<string, unknown> = {};
  for (const key of new Set([...theirs.keys(), ...ours.keys()])) {
    const touched = !isDeepStrictEqual(before.get(key), theirs.get(key));
    const value = touched ? theirs.get(key) : ours.get(key);
    if (value !== undefined) merged[key] = value;
  }
  return merged;
}
