import { Low } from 'lowdb';
import type { Recorder } from '../engine/ports.ts';
import type { Change, RunFields, StepRecord } from '../engine/record.ts';
import type { InstallerError } from '../errors/installer-error.ts';
import { adoptPlainFile } from './adopt.ts';
import { applyChange } from './apply-change.ts';
import { checkWritable } from './check-writable.ts';
import { keepDatedCopy } from './dated-copy.ts';
import type { StateDocument } from './document.ts';
import { FoldPace } from './fold-pace.ts';
import { encodeBase, encodeChange } from './journal.ts';
import { JournalWriter } from './journal-writer.ts';
import { pointLinkHere } from './link.ts';
import type { StatePaths } from './paths.ts';
import { DocumentAdapter } from './store-adapter.ts';
import { cannotWrite, stateUnusable } from './unusable.ts';
import { STATE_VERSION } from './version.ts';

/** A journal is not worth a new base before it is this long, and several times as long as its base. */
const JOURNAL_MIN_BYTES = 256 * 1024;
const JOURNAL_BASES = 4;

export interface OpenStateOptions {
  cluster: string;
  plan: string;
  /** Absolute path of a user's plan; absent for create-cluster. */
  planPath?: string;
  /** Nothing will be recorded: nothing is prepared for it, and no lock is needed. */
  lookOnly?: boolean;
}

/**
 * Opens the state of one plan on one cluster. The caller holds its lock. Nothing of the state itself is written
 * before the first change; a plain file in the home is adopted.
 *
 * @throws InstallerError `state_unusable`: neither readable nor recoverable, of a newer version, of another plan with
 *   the same name, or the home cannot be written
 */
export async function openState(paths: StatePaths, options: OpenStateOptions): Promise<StateStore> {
  const { lookOnly = false } = options;
  const adopted = lookOnly ? [] : await adoptPlainFile(paths);
  if (!lookOnly) await checkWritable(paths);
  const fresh: StateDocument = {
    version: STATE_VERSION,
    cluster_name: options.cluster,
    plan: options.plan,
    ...(options.planPath === undefined ? {} : { plan_path: options.planPath }),
    revision: 0,
    steps: {},
  };
  const adapter = new DocumentAdapter(paths);
  const low = new Low<StateDocument>(adapter, fresh);
  await low.read();
  checkPlan(paths, low.data, options);
  const { appendAt } = adapter.loaded;
  const journal = new JournalWriter(paths.journal);
  try {
    // A document that says no plan yet gets a new base, which says it.
    if (!lookOnly && appendAt !== undefined && low.data.plan !== undefined) journal.open(appendAt);
  } catch (thrown) {
    throw cannotWrite(paths.journal, thrown);
  }
  low.data = { ...fresh, ...low.data };
  return new StateStore(paths, low, adapter, journal, adopted);
}

/** The authoritative record of runs: {@link Recorder} over a journal, with lowdb's document as the readable form. */
export class StateStore implements Recorder {
  readonly #paths: StatePaths;
  readonly #low: Low<StateDocument>;
  readonly #adapter: DocumentAdapter;
  readonly #journal: JournalWriter;
  readonly #pace = new FoldPace(() => this.#foldInBackground());
  /** Revision that the readable document on disk has; undefined when it is not as it should be. */
  #folded: number | undefined;
  #baseBytes = 0;
  #folding: Promise<void> | undefined;
  #making: Promise<void> | undefined;
  #failure: InstallerError | undefined;
  /** What the user should know about how the state was found. */
  readonly warnings: readonly string[];

  /** See {@link openState}. */
  constructor(
    paths: StatePaths,
    low: Low<StateDocument>,
    adapter: DocumentAdapter,
    journal: JournalWriter,
    warnings: readonly string[],
  ) {
    this.#paths = paths;
    this.#low = low;
    this.#adapter = adapter;
    this.#journal = journal;
    this.#folded = adapter.loaded.folded;
    this.warnings = [...warnings, ...adapter.loaded.warnings];
  }

  /** The document as it is now, changes under way included. A live view: not to be altered. */
  get document(): Readonly<StateDocument> {
    return this.#low.data;
  }

  get run(): Readonly<RunFields> {
    return this.#low.data;
  }

  step(id: string): StepRecord | undefined {
    const { steps } = this.#low.data;
    return Object.hasOwn(steps, id) ? steps[id] : undefined;
  }

  async record(change: Change, options: { durable?: boolean } = {}): Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    const { data } = this.#low;
    const revision = data.revision + 1;
    applyChange(data, change, revision);
    this.#journal.append(encodeChange(revision, change));
    try {
      // The first change makes the files.
      if (this.#journal.length === undefined) await this.#makeFiles();
      if (options.durable === false) await this.#journal.write();
      else await this.#journal.commit();
    } catch (thrown) {
      throw this.#fail(thrown);
    }
    this.#pace.request();
  }

  /**
   * Brings the readable document up to date and closes the files. What was acknowledged is durable before that.
   *
   * @throws InstallerError `state_unusable` when the document cannot be written, unless a record has failed before
   */
  async close(): Promise<void> {
    this.#pace.stop();
    try {
      await this.#folding?.catch(() => undefined);
      const recorded = this.#journal.length !== undefined && this.#failure === undefined;
      if (recorded && this.#folded !== this.#low.data.revision) await this.#fold();
    } catch (thrown) {
      throw this.#fail(thrown);
    } finally {
      this.#journal.close();
      this.#failure ??= stateUnusable('the state is closed', 'open it again');
    }
  }

  #makeFiles(): Promise<void> {
    this.#making ??= this.#fold();
    return this.#making;
  }

  async #foldInBackground(): Promise<void> {
    try {
      await this.#fold();
    } catch (thrown) {
      this.#fail(thrown);
    }
  }

  /** One at a time; who comes while one is under way waits for the next. */
  async #fold(): Promise<void> {
    while (this.#folding !== undefined) await this.#folding;
    this.#folding = this.#foldOnce();
    try {
      await this.#folding;
    } finally {
      this.#folding = undefined;
    }
  }

  /** The document first, then (when it has grown long, or is not there) a new journal: see readState. */
  async #foldOnce(): Promise<void> {
    const { length } = this.#journal;
    if (length === undefined) await this.#prepare();
    const renew = length === undefined || length > Math.max(JOURNAL_MIN_BYTES, JOURNAL_BASES * this.#baseBytes);
    // No await from here to the write: document, base and mark are of one moment.
    const { revision } = this.#low.data;
    const base = renew ? encodeBase(this.#low.data) : undefined;
    if (base !== undefined) this.#journal.mark();
    await this.#low.write();
    this.#folded = revision;
    if (base === undefined) return;
    await this.#journal.replace(base);
    this.#baseBytes = Buffer.byteLength(base);
  }

  /** Before the first write: copies of what it replaces, and the link. */
  async #prepare(): Promise<void> {
    for (const path of this.#adapter.loaded.keep) await keepDatedCopy(path);
    await pointLinkHere(this.#paths);
  }

  #fail(thrown: unknown): InstallerError {
    this.#failure ??= cannotWrite(this.#paths.folder, thrown);
    this.#pace.stop();
    return this.#failure;
  }
}

function checkPlan(paths: StatePaths, document: StateDocument, { plan, planPath }: OpenStateOptions): void {
  const recorded = document.plan_path;
  // A state from before the plan was recorded, or rebuilt from afar, belongs to whoever asks for it.
  if (document.plan === undefined || recorded === planPath) return;
  throw stateUnusable(
    `plan "${plan}" on cluster "${paths.cluster}" is recorded from ${recorded ?? 'the installer itself'}, not from ${planPath ?? 'the installer itself'}`,
    'give one of the two plans another name (name: in the plan file), or forget the recorded state with reset',
  );
}
