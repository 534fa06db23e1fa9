import type { ErrorClass } from '../errors/error-class.ts';
import type { ResilienceEvent } from './events.ts';
import { targetId } from './target.ts';

/** What came of everything that was asked of one target. */
export interface TargetStatistics {
  /** Operations; one may take several attempts. */
  calls: number;
  /** Operations that succeeded at once. */
  first: number;
  attempts: number;
  retries: number;
  /** Attempts that failed, by the class of the trouble. */
  errors: Partial<Record<ErrorClass, number>>;
  /** Operations that succeeded after a failure, and how long that took them, in milliseconds. */
  recovered: number;
  recovery_ms: number;
  /** Operations that failed after their last attempt. */
  exhausted: number;
  /** Operations that an open breaker stopped. */
  rejected: number;
  /** How often another source was taken in its place. */
  fallbacks: number;
  checksums: number;
  checksum_failures: number;
}

/** By id, such as `registry:docker.io`. */
export type StatisticsByTarget = Readonly<Record<string, TargetStatistics>>;

export interface Statistics {
  hear(event: ResilienceEvent): void;
  byTarget(): StatisticsByTarget;
}

const NONE: TargetStatistics = {
  calls: 0,
  first: 0,
  attempts: 0,
  retries: 0,
  errors: {},
  recovered: 0,
  recovery_ms: 0,
  exhausted: 0,
  rejected: 0,
  fallbacks: 0,
  checksums: 0,
  checksum_failures: 0,
};

/** Adds up what is heard. */
export function createStatistics(): Statistics {
  const targets: Record<string, TargetStatistics> = {};
  return {
    hear(event) {
      const id = targetId(event.target);
      targets[id] = sum(targets[id] ?? NONE, changeBy(event));
    },
    byTarget: () => targets,
  };
}

/** Both together. */
export function addStatistics(a: StatisticsByTarget, b: StatisticsByTarget): StatisticsByTarget {
  const ids = new Set([...Object.keys(a), ...Object.keys(b)]);
  return Object.fromEntries([...ids].map((id) => [id, sum(a[id] ?? NONE, b[id] ?? NONE)]));
}

/** Attempts that failed, of whatever class. */
export function failuresOf({ errors }: TargetStatistics): number {
  return Object.values(errors).reduce((all, count) => all + count, 0);
}

function changeBy(event: ResilienceEvent): Partial<TargetStatistics> {
  switch (event.type) {
    case 'target_tried': {
      const { attempt, retryInMs, elapsedMs, class: errorClass } = event;
      const started = { attempts: 1, calls: attempt === 1 ? 1 : 0, retries: attempt === 1 ? 0 : 1 };
      if (errorClass !== undefined) {
        return { ...started, errors: { [errorClass]: 1 }, exhausted: retryInMs === undefined ? 1 : 0 };
      }
      return attempt === 1 ? { ...started, first: 1 } : { ...started, recovered: 1, recovery_ms: elapsedMs };
    }
    case 'target_rejected':
      return { rejected: 1 };
    case 'fallback_taken':
      return { fallbacks: 1 };
    case 'checksum_compared':
      return { checksums: 1, checksum_failures: event.ok ? 0 : 1 };
    case 'breaker_changed':
      return {};
  }
}

function sum(a: TargetStatistics, b: Partial<TargetStatistics>): TargetStatistics {
  const errors = { ...a.errors };
  for (const [name, count] of Object.entries(b.errors ?? {})) {
    errors[name as ErrorClass] = (errors[name as ErrorClass] ?? 0) + count;
  }
  const numbers = Object.entries(a).map(([name, value]) => [
    name,
    typeof value === 'number' ? value + ((b[name as keyof TargetStatistics] as number | undefined) ?? 0) : errors,
  ]);
  return Object.fromEntries(numbers) as TargetStatistics;
}
