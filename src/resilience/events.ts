import type { ErrorClass } from '../errors/error-class.ts';
import type { Target } from './target.ts';

interface OfTarget {
  /** Milliseconds since the epoch. */
  at: number;
  target: Target;
}

/** What one request over HTTP was. */
export interface RequestFacts {
  method: string;
  /** Absolute; query and credentials are cut off. */
  url: string;
  /** Absent when no answer came. */
  status?: number;
}

/** With its times, in milliseconds since the epoch. */
export interface TimedRequest extends RequestFacts {
  startedAt: number;
  endedAt: number;
}

/** What happens between an installation and the services that it depends on. */
export type ResilienceEvent =
  /** One attempt ended. Without a class it succeeded; without `retryInMs` a failure was the last. */
  | (OfTarget & {
      type: 'target_tried';
      attempt: number;
      durationMs: number;
      /** Since the first attempt began. */
      elapsedMs: number;
      class?: ErrorClass;
      message?: string;
      retryInMs?: number;
      requests?: readonly TimedRequest[];
    })
  /** An open breaker kept it from being tried. */
  | (OfTarget & { type: 'target_rejected' })
  | (OfTarget & { type: 'breaker_changed'; state: BreakerState })
  /** Another source was taken in its place. `verified`: the content is known to be the same. */
  | (OfTarget & { type: 'fallback_taken'; to: string; verified: boolean })
  | (OfTarget & { type: 'checksum_compared'; ok: boolean });

export type BreakerState = 'closed' | 'open' | 'half_open';
