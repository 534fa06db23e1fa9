import type { ErrorClass } from '../errors/error-class.ts';
import type { BreakerState } from './events.ts';
import type { ProcessIdentity } from './shared-store.ts';

/** When a breaker opens, and for how long. */
export interface BreakerSettings {
  /** Calls of this time are counted, in milliseconds. */
  windowMs: number;
  /** It takes at least so many of them… */
  minCalls: number;
  /** …of which at least this share failed. */
  failureRatio: number;
  /** How long nothing is let through. */
  openMs: number;
}

/** 300 s, and 60 s for downloads: opened at 50 % failures of at least 5 calls in 60 s. */
export const BREAKER: BreakerSettings = { windowMs: 60_000, minCalls: 5, failureRatio: 0.5, openMs: 300_000 };
export const DOWNLOAD_OPEN_MS = 60_000;

/** What the disk holds of one target. */
export interface BreakerRecord {
  version: 1;
  /** Of the last minute, oldest first: when, and whether it failed. */
  calls: readonly (readonly [at: number, failed: boolean])[];
  /** Present while it is open or half open. */
  open?: {
    since: number;
    until: number;
    class: ErrorClass;
    message: string;
    /** The process that tries whether the target is back. */
    probe?: ProcessIdentity;
  };
}

/** More are not needed to know the share of failures. */
const MAX_CALLS = 200;

/** A record as the disk gives it; anything else is as good as none: a breaker must never be what stops an install. */
export function asBreakerRecord(found: unknown): BreakerRecord {
  const record = found as Partial<BreakerRecord> | undefined;
  const open = record?.open;
  const usable =
    record?.version === 1 &&
    Array.isArray(record.calls) &&
    (open === undefined || (Number.isFinite(open.until) && Number.isFinite(open.since)));
  return usable ? (record as BreakerRecord) : { version: 1, calls: [] };
}

/** @param now milliseconds since the epoch, as everywhere here */
export function breakerState({ open }: BreakerRecord, now: number): BreakerState {
  if (open === undefined) return 'closed';
  // A clock that was set back must not keep it open for longer than it may be.
  return now >= open.until || now < open.since ? 'half_open' : 'open';
}

/** After a call that the target answered, or failed to. */
export function afterCalls(
  record: BreakerRecord,
  calls: BreakerRecord['calls'],
  failure: { class: ErrorClass; message: string } | undefined,
  now: number,
  settings: BreakerSettings,
): BreakerRecord {
  const opened = { since: now, until: now + settings.openMs };
  if (breakerState(record, now) === 'half_open') {
    return failure === undefined ? { version: 1, calls: [] } : { ...record, open: { ...opened, ...failure } };
  }
  const recent = [...record.calls, ...calls].filter(([at]) => at > now - settings.windowMs && at <= now);
  const counted = recent.slice(-MAX_CALLS);
  const failed = counted.filter(([, wrong]) => wrong).length;
  const opens = failed > 0 && counted.length >= settings.minCalls && failed / counted.length >= settings.failureRatio;
  const next: BreakerRecord = { ...record, calls: counted };
  return failure === undefined || !opens || record.open !== undefined
    ? next
    : { ...next, open: { ...opened, ...failure } };
}
