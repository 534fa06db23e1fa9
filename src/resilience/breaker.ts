import type { ErrorClass } from '../errors/error-class.ts';
import { InstallerError } from '../errors/installer-error.ts';
import {
  afterCalls,
  asBreakerRecord,
  BREAKER,
  type BreakerRecord,
  type BreakerSettings,
  breakerState,
  DOWNLOAD_OPEN_MS,
} from './breaker-record.ts';
import type { BreakerState } from './events.ts';
import type { SharedStore } from './shared-store.ts';
import { type Target, targetId } from './target.ts';
import type { Clock } from './time.ts';

export interface BreakerOptions {
  store: SharedStore;
  clock: Clock;
  /** Told of every change that this process makes. */
  onChange: (target: Target, state: BreakerState) => void;
}

/** Keeps everybody from hammering a target that is known to be bad, across runs and processes. */
export interface Breaker {
  /**
   * Lets a call through, or waits until it may go: for the end of the pause, or for the one that probes.
   *
   * @param maxWaitMs how long the caller would wait
   * @throws InstallerError with the class that opened it, marked `exhausted`
   */
  admit(target: Target, maxWaitMs: number, signal: AbortSignal | undefined): Promise<void>;
  /** What came of a call that was let through. Classes that say nothing of the target's health count as success. */
  report(target: Target, failure?: { class: ErrorClass; message: string }): Promise<void>;
}

/** Trouble with the target itself; a 404 or a wrong password shows that it is well. */
const UNHEALTHY: ReadonlySet<ErrorClass> = new Set([
  'network_timeout',
  'network_reset',
  'dns',
  'rate_limited',
  'server_error',
]);
/** How often the shared record is looked at: by those who wait whether it has closed, and between calls that succeed. */
const POLL_MS = 200;
const MAX_PENDING = 200;

/** Of the disk's records, those of breakers. */
export const BREAKER_PREFIX = 'breaker:';

export function createBreaker({ store, clock, onChange }: BreakerOptions): Breaker {
  /** Successes that no other process needs to know of until there is a failure. */
  const pending = new Map<string, [at: number, failed: boolean][]>();
  /** When it was last seen closed: a file looked for before each of many short calls would cost a tenth of them. */
  const seenClosed = new Map<string, number>();
  /** Targets that this process probes now. */
  const probing = new Set<string>();

  const takeProbe = (id: string): Promise<'mine' | 'taken' | 'closed'> =>
    store.update(id, (current) => {
      const record = asBreakerRecord(current);
      const { open } = record;
      if (open === undefined) return { next: current, result: 'closed' };
      const taken = open.probe !== undefined && store.isAlive(open.probe);
      const mine = breakerState(record, clock.now()) === 'half_open' && !taken;
      return mine
        ? { next: { ...record, open: { ...open, probe: store.self } }, result: 'mine' }
        : { next: record, result: 'taken' };
    });

  return {
    async admit(target, maxWaitMs, signal) {
      const id = BREAKER_PREFIX + targetId(target);
      const began = clock.now();
      const sinceSeen = began - (seenClosed.get(id) ?? Number.NEGATIVE_INFINITY);
      if (sinceSeen >= 0 && sinceSeen < POLL_MS) return;
      for (;;) {
        const record = asBreakerRecord(store.read(id));
        const now = clock.now();
        const state = breakerState(record, now);
        if (record.open === undefined) {
          seenClosed.set(id, now);
          return;
        }
        if (state === 'half_open') {
          const probe = await takeProbe(id);
          // Somebody else's probe has closed it meanwhile.
          if (probe === 'closed') return;
          if (probe === 'mine') {
            probing.add(id);
            return onChange(target, 'half_open');
          }
          if (now - began >= maxWaitMs) throw rejection(target, record.open);
          await clock.sleep(POLL_MS, signal);
          continue;
        }
        if (record.open.until - began > maxWaitMs) throw rejection(target, record.open);
        // Somebody may reset it meanwhile.
        await clock.sleep(Math.min(record.open.until - now, 5 * POLL_MS), signal);
      }
    },
    async report(target, failure) {
      const id = BREAKER_PREFIX + targetId(target);
      const now = clock.now();
      const unhealthy = failure !== undefined && UNHEALTHY.has(failure.class) ? failure : undefined;
      const calls = pending.get(id) ?? [];
      calls.push([now, unhealthy !== undefined]);
      if (calls.length > MAX_PENDING) calls.shift();
      pending.set(id, calls);
      // A success matters to others only when it is that of the probe.
      if (unhealthy === undefined && !probing.delete(id)) return;
      pending.delete(id);
      probing.delete(id);
      const settings = settingsOf(target);
      seenClosed.delete(id);
      const [before, after] = await store.update(id, (current) => {
        const record = asBreakerRecord(current);
        const next = afterCalls(record, calls, unhealthy, now, settings);
        const states = [breakerState(record, now), breakerState(next, now)] as const;
        return { next: next.open === undefined && next.calls.length === 0 ? undefined : next, result: states };
      });
      if (before !== after) onChange(target, after);
    },
  };
}

function settingsOf({ kind }: Target): BreakerSettings {
  return kind === 'download' ? { ...BREAKER, openMs: DOWNLOAD_OPEN_MS } : BREAKER;
}

function rejection(target: Target, open: NonNullable<BreakerRecord['open']>): InstallerError {
  const until = new Date(open.until).toISOString().slice(11, 19);
  return new InstallerError('step_failed', `${target.name} failed too often and is not asked until ${until} UTC`, {
    class: open.class,
    exhausted: true,
    lines: [`its last failure: ${open.message}`],
    hint: `contextcore-install breaker reset ${targetId(target)} (asks it again at once)`,
  });
}
