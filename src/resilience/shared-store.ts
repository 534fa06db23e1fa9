/** A process, so that a later one with its pid is not mistaken for it. */
export interface ProcessIdentity {
  pid: number;
  /** As the kernel tells it; 0 where it does not. */
  startTicks: number;
}

/** Small records that all processes of a home share. */
export interface SharedStore {
  /** This process, as the others see it. */
  readonly self: ProcessIdentity;
  isAlive(process: ProcessIdentity): boolean;
  /** The record as it is now; undefined when there is none. Cheap: asked before every attempt. */
  read(id: string): unknown;
  /**
   * Changes a record while no other process does.
   *
   * @param change gets the record as it is now; `next` undefined removes it. It must not wait for anything
   * @returns what `change` gives as its result
   */
  update<T>(id: string, change: (current: unknown) => { next: unknown; result: T }): Promise<T>;
  /** Ids of all records, sorted. */
  list(): readonly string[];
}

/** A store of this process alone: for simulations, and where no disk can be had. */
export function createMemoryStore(): SharedStore {
  const records = new Map<string, unknown>();
  return {
    self: { pid: 0, startTicks: 0 },
    isAlive: () => true,
    read: (id) => records.get(id),
    update: async (id, change) => {
      const { next, result } = change(records.get(id));
      if (next === undefined) records.delete(id);
      else records.set(id, next);
      return result;
    },
    list: () => [...records.keys()].sort(),
  };
}
