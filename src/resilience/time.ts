/** Time; replaced by a simulated one in tests. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Resolves after `ms`; rejects with the signal's reason when aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Calls back once after `ms`; the returned function cancels that. */
  after(ms: number, call: () => void): () => void;
}

/** A number in [0, 1). */
export type Random = () => number;
