import { createAppender } from './appender.ts';
import { type Cursor, readCursor, writeCursor } from './cursor.ts';
import {
  decodeRecords,
  FRAME_BYTES,
  frameLength,
  type SpoolKind,
  type SpoolRecord,
  type StoredRecord,
} from './record.ts';
import { listSegments, readSegment, removeSegment, segmentBytes } from './segments.ts';
import { createTally } from './tally.ts';

export interface QueueLimits {
  /** Bytes of a segment before the next is begun. */
  segmentBytes: number;
  /** Bytes of all segments of a kind; the oldest segment goes first. */
  maxBytes: number;
  /** What is older is of no use to its receiver. */
  maxAgeMs: number;
}

export interface QueueStats extends Cursor {
  /** Records that wait, what is in them, and their size. */
  records: number;
  items: number;
  bytes: number;
  /** Records that this process could not write. */
  lost: number;
}

/** Read at once beyond what is sent: heads, and the last record. */
const PART_BYTES = 64 * 1024;

/** Records to be sent together, and where the cursor stands behind each. */
export interface Batch {
  segment: number;
  records: readonly StoredRecord[];
}

/** A place in a queue: bytes from the start of a segment. */
export interface Place {
  segment: number;
  bytes: number;
}

/** Records and items that are done with, and why some were refused. */
export interface Done {
  records: number;
  delivered: number;
  rejected: number;
  expired: number;
  rejection?: string;
}

/** One kind of record, first in, first out, in a folder of its own; one process at a time, which holds the installation's lock. */
export interface SpoolQueue {
  append(record: SpoolRecord): boolean;
  /** Where the next record will stand; undefined before the first of this process. */
  readonly place: Place | undefined;
  /** The oldest records that wait, up to the limits, but at least one; undefined when none waits. */
  next(limits: { records: number; bytes: number }): Batch | undefined;
  /** Records durably that everything up to `end` of a segment is done with, and what became of it. */
  advance(segment: number, end: number, done: Done): Promise<void>;
  /** Notes how a try went; not durable. */
  note(last: NonNullable<Cursor['last']>): void;
  stats(): QueueStats;
  /** Time of the oldest that waits, in milliseconds since the epoch. */
  oldestAt(): number | undefined;
  /** Removes what is done with, and makes the last note durable. */
  close(): Promise<void>;
}

/** @param beforeRemove awaited before segments that are done with are removed */
export function createQueue(
  kind: SpoolKind,
  folder: string,
  limits: QueueLimits,
  beforeRemove: () => Promise<void>,
): SpoolQueue {
  let known: Cursor | undefined;
  let noted = false;
  const cursor = (): Cursor => {
    known ??= readCursor(folder);
    return known;
  };
  const appender = createAppender(folder, {
    segmentBytes: limits.segmentBytes,
    after: () => cursor().segment,
    rotated: dropOldest,
  });

  const tally = createTally((segment) => {
    const from = offsetIn(segment);
    const { records, validBytes } = decodeRecords(kind, readSegment(folder, segment, from), from);
    const items = records.reduce((sum, record) => sum + record.count, 0);
    return { records: records.length, items, bytes: validBytes - from };
  });

  /** Where what waits in a segment begins. */
  function offsetIn(segment: number): number {
    const { segment: current, offset } = cursor();
    if (segment < current) return segmentBytes(folder, segment);
    return segment === current ? offset : 0;
  }

  /** Beyond the bound the oldest segment is given up, whether it was delivered or not. */
  function dropOldest(): void {
    const segments = listSegments(folder);
    let total = segments.reduce((sum, segment) => sum + segmentBytes(folder, segment), 0);
    for (const segment of segments) {
      if (total <= limits.maxBytes) return;
      total -= segmentBytes(folder, segment);
      const given = tally.of(segment).items;
      if (cursor().segment <= segment) {
        known = { ...cursor(), segment: segment + 1, offset: 0, expired: cursor().expired + given };
        noted = true;
      }
      removeSegment(folder, segment);
      tally.forget(segment);
    }
  }

  async function removeDone(all: boolean): Promise<void> {
    const { segment: current, offset } = cursor();
    const open = appender.place?.segment;
    const isDone = (segment: number) =>
      segment < current || (all && segment === current && offset >= segmentBytes(folder, segment));
    const done = listSegments(folder).filter((segment) => segment !== open && isDone(segment));
    if (done.length === 0) return;
    await beforeRemove();
    for (const segment of done) {
      removeSegment(folder, segment);
      tally.forget(segment);
    }
  }

  function next({ records: most, bytes }: { records: number; bytes: number }): Batch | undefined {
    for (const segment of listSegments(folder)) {
      if (tally.of(segment).records === 0) continue;
      const from = offsetIn(segment);
      const part = decodeRecords(kind, readSegment(folder, segment, from, bytes + PART_BYTES), from, most);
      // A single record may be longer than what is sent together.
      const whole = part.records.length > 0 ? part : decodeRecords(kind, readWhole(segment, from), from, 1);
      let size = 0;
      const records = whole.records.filter((record, index) => {
        size += record.body.length;
        return index === 0 || size <= bytes;
      });
      if (records.length > 0) return { segment, records };
    }
    return undefined;
  }

  /** One record, however long: not all that stands behind it, which would be read again for each of them. */
  function readWhole(segment: number, from: number): Buffer {
    return readSegment(folder, segment, from, frameLength(readSegment(folder, segment, from, FRAME_BYTES)));
  }

  return {
    append(record) {
      const before = appender.place;
      if (before !== undefined) tally.of(before.segment);
      if (!appender.append(record)) return false;
      const { segment, bytes } = appender.place ?? { segment: 0, bytes: 0 };
      const grown = bytes - (before?.segment === segment ? before.bytes : 0);
      if (before?.segment === segment) tally.change(segment, { records: 1, items: record.count, bytes: grown });
      return true;
    },

    get place() {
      return appender.place;
    },

    next,

    async advance(segment, end, { records, delivered, rejected, expired, rejection }) {
      const before = cursor();
      // Given up meanwhile, to keep the bound.
      const passed = segment < before.segment;
      if (!passed) {
        const items = delivered + rejected + expired;
        tally.change(segment, { records: -records, items: -items, bytes: offsetIn(segment) - end });
      }
      known = {
        ...before,
        ...(passed ? {} : { segment, offset: end }),
        delivered: before.delivered + delivered,
        rejected: before.rejected + rejected,
        expired: before.expired + expired,
        ...(rejection === undefined ? {} : { rejection }),
      };
      await writeCursor(folder, known);
      noted = false;
      if (segment > before.segment) await removeDone(false);
    },

    note(last) {
      known = { ...cursor(), last };
      noted = true;
    },

    stats() {
      const { segment: current } = cursor();
      const waiting = { records: 0, items: 0, bytes: 0 };
      for (const segment of listSegments(folder).filter((one) => one >= current)) {
        const { records, items, bytes } = tally.of(segment);
        waiting.records += records;
        waiting.items += items;
        waiting.bytes += bytes;
      }
      return { ...cursor(), ...waiting, lost: appender.lost };
    },

    oldestAt: () => next({ records: 1, bytes: 0 })?.records[0]?.at,

    async close() {
      appender.close();
      if (listSegments(folder).length === 0 && !noted) return;
      if (noted) await writeCursor(folder, cursor());
      await removeDone(true);
    },
  };
}

/** Every record that stands behind a place, delivered or not. */
export function* readBehind(kind: SpoolKind, folder: string, place: Place): Generator<StoredRecord> {
  for (const segment of listSegments(folder)) {
    if (segment < place.segment) continue;
    const from = segment === place.segment ? place.bytes : 0;
    yield* decodeRecords(kind, readSegment(folder, segment, from), from).records;
  }
}
