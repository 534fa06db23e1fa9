/** Records, what is in them, and their size. */
export interface Amount {
  records: number;
  items: number;
  bytes: number;
}

/** What waits in each segment, counted once and kept up from then on. */
export interface Tally {
  /** Of one segment. */
  of(segment: number): Readonly<Amount>;
  /** Adds to a segment, or with negative numbers takes from it; must be told of every change. */
  change(segment: number, by: Amount): void;
  forget(segment: number): void;
}

/** @param count reads a segment that this process has not written itself */
export function createTally(count: (segment: number) => Amount): Tally {
  const known = new Map<number, Amount>();
  const of = (segment: number): Amount => {
    const amount = known.get(segment) ?? count(segment);
    known.set(segment, amount);
    return amount;
  };
  return {
    of,
    change(segment, by) {
      const amount = of(segment);
      amount.records += by.records;
      amount.items += by.items;
      amount.bytes += by.bytes;
    },
    forget: (segment) => void known.delete(segment),
  };
}
