import { isDeepStrictEqual } from 'node:util';
import { applyChange } from './apply-change.ts';
import { checkBytes, checkDocument, type Found } from './check-document.ts';
import type { StateDocument } from './document.ts';
import { type DecodedJournal, decodeJournal } from './journal.ts';
import { mergeHandEdit } from './merge-hand-edit.ts';
import type { StatePaths } from './paths.ts';
import { findPlainFile } from './plain-file.ts';
import { readIfThere } from './read-file.ts';
import { newerVersion, stateUnusable } from './unusable.ts';
import { STATE_VERSION } from './version.ts';

/** A state as its two files tell it. */
export interface LoadedState {
  /** Absent when nothing was ever recorded. */
  document?: StateDocument;
  /** What the user should know: something was recovered, or could not be. */
  warnings: readonly string[];
  /** Files to copy before anything is written over them. */
  keep: readonly string[];
  /** Bytes of records in a journal that can be appended to as it is; absent: a new one has to be made. */
  appendAt?: number;
  /** Revision that the readable document holds as it should be; absent: it has to be written. */
  folded?: number;
}

/** Says what is wrong with a document that somebody else wrote; undefined: nothing. */
export type FindInvalid = (document: unknown) => string | undefined;

type FoundDocument = Found & { kind: 'document' };

interface Journal extends DecodedJournal {
  /** The base, when it is a usable document of this cluster. */
  usable?: StateDocument;
}

/**
 * Reads a state without changing anything: the readable document, brought up to date by the journal, or recovered
 * from it. Loads node's own modules only. Safe while a run is writing.
 *
 * @param findInvalid a stricter check for documents that another hand wrote
 * @throws InstallerError `state_unusable`: neither file can be used, or a newer version wrote them
 */
export function readState(paths: StatePaths, findInvalid: FindInvalid = () => undefined): LoadedState {
  // The journal first: a fold replaces the document before it replaces the journal.
  const journalBytes = readIfThere(paths.journal);
  const plain = findPlainFile(paths);
  const bytes = plain?.cluster === paths.cluster && plain.wins ? plain.bytes : readIfThere(paths.state);
  const snapshot = checkBytes(bytes, paths.cluster);
  if (snapshot.kind === 'newer') throw newerVersion(paths.state, `version ${snapshot.version}`);
  const journal = readJournal(paths, journalBytes);
  if (snapshot.kind === 'document') {
    const loaded = fromSnapshot(paths, snapshot, journal, findInvalid);
    return typeof loaded === 'string' ? fromJournal(paths, { kind: 'bad', reason: loaded }, journal) : loaded;
  }
  if (snapshot.kind === 'absent' && journal === undefined) return { warnings: [], keep: [], folded: 0 };
  return fromJournal(paths, snapshot, journal);
}

function readJournal(paths: StatePaths, bytes: Buffer | undefined): Journal | undefined {
  if (bytes === undefined) return undefined;
  const decoded = decodeJournal(bytes);
  const base = decoded.base === undefined ? undefined : checkDocument(decoded.base, paths.cluster);
  if (decoded.newer || base?.kind === 'newer') throw newerVersion(paths.journal, 'a newer version');
  const usable = base?.kind === 'document' && base.document.revision !== undefined ? decoded.base : undefined;
  return { ...decoded, ...(usable === undefined ? {} : { usable }) };
}

/** @returns a text: why the document cannot be used */
function fromSnapshot(
  paths: StatePaths,
  { document: found, older }: FoundDocument,
  journal: Journal | undefined,
  findInvalid: FindInvalid,
): LoadedState | string {
  const { revision } = found;
  const base = journal?.usable;
  if (revision === undefined || older || (base !== undefined && revision < base.revision)) {
    return findInvalid(found) ?? takeAsItIs(paths, found, journal);
  }
  const document: StateDocument = { ...found, revision };
  const written = base === undefined || journal === undefined ? undefined : replay(base, journal, revision);
  const comparable = written?.revision === revision;
  const ours = comparable && isSame(written, document);
  const invalid = ours ? undefined : findInvalid(document);
  if (invalid !== undefined) return invalid;
  if (journal === undefined) return { document, warnings: [], keep: [], folded: revision };
  const latest = replay(comparable ? written : document, journal);
  const { warnings, keep } = describeDamage(paths, journal, latest.revision);
  const whole = keep.length === 0 && journal.whole;
  return {
    document: comparable && !ours ? mergeHandEdit(written, document, latest) : latest,
    warnings,
    keep,
    ...(whole && ours ? { appendAt: journal.validBytes, folded: revision } : {}),
  };
}

/** What we wrote ourselves has its keys in our order; comparing in depth takes longer than the rest of a status. */
function isSame(written: unknown, found: unknown): boolean {
  return JSON.stringify(written) === JSON.stringify(found) || isDeepStrictEqual(written, found);
}

/** An older copy put back, or a document of an earlier version: somebody's decision, which the journal does not overrule. */
function takeAsItIs(paths: StatePaths, found: FoundDocument['document'], journal: Journal | undefined): LoadedState {
  const revisions = [found.revision, journal?.usable?.revision, journal?.changes.at(-1)?.revision];
  const revision = Math.max(...revisions.map((known) => known ?? 0)) + 1;
  const document = { ...found, version: STATE_VERSION, revision };
  if (journal === undefined) return { document, warnings: [], keep: [paths.state] };
  const warnings = [`${paths.state} was put there by hand and is taken as it is; a copy of its journal is kept`];
  return { document, warnings, keep: [paths.state, paths.journal] };
}

function fromJournal(paths: StatePaths, snapshot: Found, journal: Journal | undefined): LoadedState {
  const reason = snapshot.kind === 'bad' ? snapshot.reason : 'it is missing';
  if (journal?.usable === undefined) {
    const also = journal === undefined ? 'it has no journal' : 'its journal is damaged, too';
    throw stateUnusable(
      `${paths.state} cannot be used: ${reason}; ${also}`,
      'nothing was changed: mend the file or put an earlier copy in its place, or forget the state with --reset',
    );
  }
  const document = replay(journal.usable, journal);
  const damage = describeDamage(paths, journal, document.revision);
  const bad = snapshot.kind === 'bad' ? [paths.state] : [];
  const kept = bad.length > 0 ? '; a copy of the bad file is kept' : '';
  const recovered = `${paths.state} could not be used (${reason}) and is recovered from its journal${kept}`;
  return { document, warnings: [recovered, ...damage.warnings], keep: [...bad, ...damage.keep] };
}

/** The document after the changes that follow it without a gap, up to a revision. Leaves `from` as it is. */
function replay(from: StateDocument, journal: Journal, upTo = Number.POSITIVE_INFINITY): StateDocument {
  const document = structuredClone(from);
  for (const { revision, change } of journal.changes) {
    if (revision === document.revision + 1 && revision <= upTo) applyChange(document, change, revision);
  }
  return document;
}

/** @param reached the last revision that could be put together */
function describeDamage(paths: StatePaths, journal: Journal, reached: number): { warnings: string[]; keep: string[] } {
  const lost = journal.changes.filter(({ revision }) => revision > reached).length;
  if (lost === 0 && !journal.damaged && journal.usable !== undefined) return { warnings: [], keep: [] };
  const loss = lost > 0 ? `${lost} later changes could not be used, --repair looks at every step again; ` : '';
  return { warnings: [`${paths.journal} is damaged: ${loss}a copy is kept`], keep: [paths.journal] };
}
