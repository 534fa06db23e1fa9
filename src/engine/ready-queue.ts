/** Hands out entries by their rank, lowest first: a binary heap, so that no entry costs more than the logarithm of their number. */
export interface ReadyQueue<T> {
  readonly size: number;
  add(rank: number, entry: T): void;
  takeFirst(): T | undefined;
}

export function createReadyQueue<T>(): ReadyQueue<T> {
  const heap: { rank: number; entry: T }[] = [];
  const rankAt = (at: number) => heap[at]?.rank ?? Number.POSITIVE_INFINITY;

  function swap(a: number, b: number): void {
    [heap[a], heap[b]] = [heap[b] as (typeof heap)[0], heap[a] as (typeof heap)[0]];
  }

  return {
    get size() {
      return heap.length;
    },
    add(rank, entry) {
      let at = heap.push({ rank, entry }) - 1;
      for (let parent = (at - 1) >> 1; at > 0 && rankAt(parent) > rank; parent = (at - 1) >> 1) {
        swap(at, parent);
        at = parent;
      }
    },
    takeFirst() {
      const first = heap[0];
      const last = heap.pop();
      if (first === undefined || last === undefined || first === last) return first?.entry;
      heap[0] = last;
      for (let at = 0; ; ) {
        const [left, right] = [2 * at + 1, 2 * at + 2];
        const child = rankAt(right) < rankAt(left) ? right : left;
        if (rankAt(child) >= rankAt(at)) return first.entry;
        swap(at, child);
        at = child;
      }
    },
  };
}
