import { join } from 'node:path';
import { type DeliverOptions, type Delivery, deliverQueue, type Send } from './deliver.ts';
import { createQueue, type Place, type QueueLimits, type QueueStats, readBehind, type SpoolQueue } from './queue.ts';
import { SPOOL_KINDS, type SpoolKind, type SpoolRecord } from './record.ts';

export type { Delivery, Send, Verdict } from './deliver.ts';
export type { Place, QueueStats } from './queue.ts';
export { SPOOL_KINDS, type SpoolKind, type SpoolRecord } from './record.ts';

/** A day is what the receivers that we install take late (out_of_order_time_window). */
const SPOOL_LIMITS: QueueLimits = {
  segmentBytes: 1024 * 1024,
  maxBytes: 32 * 1024 * 1024,
  maxAgeMs: 24 * 3_600_000,
};

export interface SpoolOptions {
  /** Made when the first record comes. */
  folder: string;
  limits?: Partial<QueueLimits>;
  clock: { now(): number };
  /** Awaited before delivered segments of a kind are removed. */
  beforeRemove?: (kind: SpoolKind) => Promise<void>;
}

/**
 * Telemetry that waits for its receivers: one queue per kind, on disk, 0600, bounded by size and age. One process at a
 * time writes and delivers, and holds the installation's lock for that; anybody may look at the stats.
 */
export interface Spool {
  /** Survives the end of this process, not a power cut: nothing is fsynced here. @returns false when it is lost */
  append(record: SpoolRecord): boolean;
  /** One delivery of a kind at a time; a second waits for the first. */
  deliver(kind: SpoolKind, send: Send, options: Pick<DeliverOptions, 'signal' | 'batch'>): Promise<Delivery>;
  stats(kind: SpoolKind): QueueStats;
  /** Time of the oldest that waits, in milliseconds since the epoch. */
  oldestAt(kind: SpoolKind): number | undefined;
  /** Notes why a delivery was not even tried. */
  note(kind: SpoolKind, reason: string): void;
  /** Where the next record of a kind will stand; undefined before the first of this process. */
  place(kind: SpoolKind): Place | undefined;
  /** Every record of a kind behind a place that is still there, delivered or not. */
  behind(kind: SpoolKind, place: Place): Iterable<SpoolRecord>;
  close(): Promise<void>;
}

export function createSpool({ folder, limits, clock, beforeRemove = async () => undefined }: SpoolOptions): Spool {
  const bounds = { ...SPOOL_LIMITS, ...limits };
  const queues = new Map<SpoolKind, SpoolQueue>();
  const running = new Map<SpoolKind, Promise<unknown>>();
  const queueOf = (kind: SpoolKind): SpoolQueue => {
    const queue = queues.get(kind) ?? createQueue(kind, join(folder, kind), bounds, () => beforeRemove(kind));
    queues.set(kind, queue);
    return queue;
  };

  return {
    append: (record) => queueOf(record.kind).append(record),
    async deliver(kind, send, options) {
      while (running.has(kind)) await running.get(kind);
      const { maxAgeMs } = bounds;
      const delivery = deliverQueue(queueOf(kind), send, { ...options, now: () => clock.now(), maxAgeMs });
      const settled = delivery.catch(() => undefined);
      running.set(kind, settled);
      try {
        return await delivery;
      } finally {
        running.delete(kind);
      }
    },
    stats: (kind) => queueOf(kind).stats(),
    oldestAt: (kind) => queueOf(kind).oldestAt(),
    note: (kind, reason) => {
      queueOf(kind).note({ at: new Date(clock.now()).toISOString(), ok: false, reason });
    },
    place: (kind) => queueOf(kind).place,
    behind: (kind, place) => readBehind(kind, join(folder, kind), place),
    async close() {
      for (const kind of SPOOL_KINDS) await queues.get(kind)?.close();
    },
  };
}
