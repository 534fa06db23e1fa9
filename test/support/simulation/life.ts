/** One engine process: it lives until it ends, or until it is killed at a chosen call of a port. */
export interface Life {
  readonly alive: boolean;
  /** Calls of ports so far. */
  readonly calls: number;
  /** Counts a call of a port. @returns false when the process is dead, and nothing may come of the call */
  touch(): boolean;
  end(): void;
}

/** @param killAt number of the port call at which the process is killed, from 1; never, if undefined */
export function createLife(killAt: number | undefined, onDeath: () => void): Life {
  let alive = true;
  let calls = 0;
  const end = () => {
    if (!alive) return;
    alive = false;
    onDeath();
  };
  return {
    get alive() {
      return alive;
    },
    get calls() {
      return calls;
    },
    touch() {
      calls += 1;
      if (calls === killAt) end();
      return alive;
    },
    end,
  };
}

/** What the call of a dead process returns: nothing, ever. */
export function never<T>(): Promise<T> {
  return new Promise<T>(() => undefined);
}
