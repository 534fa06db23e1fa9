/** The readable document is written again at most this often … */
const MIN_INTERVAL_MS = 1_000;
/** … and for at most about 2 % of the time. */
const DURATIONS_BETWEEN = 50;

/** Changes often come in pairs. */
const MIN_WAIT_MS = 100;

/** Decides when the readable document is brought up to date: soon after a change, but never often. */
export class FoldPace {
  readonly #fold: () => Promise<void>;
  #notBefore = 0;
  #timer: NodeJS.Timeout | undefined;
  #running = false;
  #stopped = false;

  /** @param fold writes the document; does not reject */
  constructor(fold: () => Promise<void>) {
    this.#fold = fold;
  }

  /** Something was recorded. Cheap: called after every change. */
  request(): void {
    if (this.#timer !== undefined || this.#running || this.#stopped) return;
    const wait = Math.max(MIN_WAIT_MS, this.#notBefore - performance.now());
    // The process need not stay alive for this: closing the state writes the document, too.
    this.#timer = setTimeout(() => void this.#run(), wait).unref();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  async #run(): Promise<void> {
    this.#timer = undefined;
    this.#running = true;
    const start = performance.now();
    await this.#fold();
    this.#running = false;
    const end = performance.now();
    this.#notBefore = end + Math.max(MIN_INTERVAL_MS, DURATIONS_BETWEEN * (end - start));
  }
}
