import type { Adapter } from 'lowdb';
import { writeDurably } from '../system/durable-file.ts';
import type { StateDocument } from './document.ts';
import type { StatePaths } from './paths.ts';
import { type LoadedState, readState } from './read-state.ts';

/** lowdb's view of the readable document: read with its journal applied, written whole and durably. */
export class DocumentAdapter implements Adapter<StateDocument> {
  readonly #paths: StatePaths;
  #loaded: LoadedState | undefined;

  constructor(paths: StatePaths) {
    this.#paths = paths;
  }

  /** What the last read found besides the document. */
  get loaded(): LoadedState {
    return this.#loaded ?? { warnings: [], keep: [], folded: 0 };
  }

  /** @throws InstallerError `state_unusable` */
  async read(): Promise<StateDocument | null> {
    let foreign = false;
    this.#loaded = readState(this.#paths, () => {
      foreign = true;
      return undefined;
    });
    // Loaded for another hand's document only: a schema library takes room in memory, for which every fork would pay.
    if (foreign) {
      const { findInvalid } = await import('./document-schema.ts');
      this.#loaded = readState(this.#paths, findInvalid);
    }
    return this.#loaded.document ?? null;
  }

  async write(document: StateDocument): Promise<void> {
    await writeDurably(this.#paths.state, `${JSON.stringify(document, null, 2)}\n`);
  }
}
