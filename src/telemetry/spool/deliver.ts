import type { SpoolQueue } from './queue.ts';
import type { SpoolRecord, StoredRecord } from './record.ts';

/** What a receiver said to one request. */
export type Verdict =
  /** It has everything; of items that it will never take, `rejected` many. */
  | { outcome: 'accepted'; rejected?: number; reason?: string }
  /** It will never take this request: tried again in parts, and a single record of it is given up. */
  | { outcome: 'refused'; reason: string }
  /** It may take it later; not before `afterMs`, if it said so. */
  | { outcome: 'later'; reason: string; afterMs?: number };

/**
 * Sends records in one request, once. A single record of several items that is refused as a whole is for the sender to
 * take apart. What it throws counts as `later`.
 */
export type Send = (records: readonly SpoolRecord[], signal: AbortSignal) => Promise<Verdict>;

export interface DeliverOptions {
  /** Ends it at once; what was not acknowledged stays. */
  signal: AbortSignal;
  /** Milliseconds since the epoch. */
  now: () => number;
  maxAgeMs: number;
  /** Of one request. Default: 500 records, 256 KiB. */
  batch?: { records: number; bytes: number };
}

export interface Delivery {
  /** Nothing waits any more. */
  done: boolean;
  /** Items that a receiver took, those of them that waited for longer than a moment, and those that nobody will take. */
  delivered: number;
  replayed: number;
  rejected: number;
  expired: number;
  /** Why it stopped before the end. */
  reason?: string;
  afterMs?: number;
}

const BATCH = { records: 500, bytes: 256 * 1024 };
/** What is delivered later than this was not live. */
const LIVE_MS = 15_000;

/** Delivers what waits in a queue, oldest first, until it is empty, the receiver cannot take more, or the signal ends it. */
export async function deliverQueue(queue: SpoolQueue, send: Send, options: DeliverOptions): Promise<Delivery> {
  const { signal, now, maxAgeMs, batch = BATCH } = options;
  const total: Delivery = { done: false, delivered: 0, replayed: 0, rejected: 0, expired: 0 };
  const tryNoted = (reason?: string) => {
    const at = new Date(now()).toISOString();
    queue.note({ at, ok: reason === undefined, ...(reason === undefined ? {} : { reason }) });
  };
  /** Of the next request; halved when one is refused, doubled when one is taken. */
  let most = batch.records;
  while (!signal.aborted) {
    const waiting = queue.next({ records: most, bytes: batch.bytes });
    if (waiting === undefined) return { ...total, done: true };
    const { segment, records } = waiting;
    const fresh = records.filter((record) => now() - record.at <= maxAgeMs);
    const expired = countItems(records) - countItems(fresh);
    const verdict = await trySend(send, fresh, signal);
    if (verdict.outcome === 'later') {
      tryNoted(verdict.reason);
      const { reason, afterMs } = verdict;
      return { ...total, reason, ...(afterMs === undefined ? {} : { afterMs }) };
    }
    if (verdict.outcome === 'refused' && fresh.length > 1) {
      most = Math.max(1, Math.floor(fresh.length / 2));
      continue;
    }
    const refused = verdict.outcome === 'refused';
    const rejected = refused ? countItems(fresh) : (verdict.rejected ?? 0);
    const delivered = countItems(fresh) - rejected;
    const late = countItems(fresh.filter((record) => now() - record.at > LIVE_MS));
    total.rejected += rejected;
    total.expired += expired;
    total.delivered += delivered;
    total.replayed += Math.min(late, delivered);
    tryNoted();
    const rejection = rejected > 0 && verdict.reason !== undefined ? { rejection: verdict.reason } : {};
    await queue.advance(segment, endOf(records), {
      records: records.length,
      delivered,
      rejected,
      expired,
      ...rejection,
    });
    most = Math.min(batch.records, most * 2);
  }
  return { ...total, reason: 'the time for it is over' };
}

async function trySend(send: Send, records: readonly StoredRecord[], signal: AbortSignal): Promise<Verdict> {
  if (records.length === 0) return { outcome: 'accepted' };
  try {
    return await send(records, signal);
  } catch (thrown) {
    return { outcome: 'later', reason: thrown instanceof Error ? thrown.message : String(thrown) };
  }
}

function countItems(records: readonly SpoolRecord[]): number {
  return records.reduce((sum, record) => sum + record.count, 0);
}

function endOf(records: readonly StoredRecord[]): number {
  return records.at(-1)?.end ?? 0;
}
