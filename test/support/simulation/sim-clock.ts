import type { Clock } from '../../../src/engine/ports.ts';
import { createReadyQueue } from '../../../src/engine/ready-queue.ts';
import { type Life, never } from './life.ts';

/** Time that passes only when nobody has anything else to do. It outlives the processes that use it. */
export interface SimClock {
  now(): number;
  after(ms: number, call: () => void): () => void;
  /** The clock of one process: its timers die with it. */
  of(life: Life): Clock;
  /** Lets time pass until `isOver`, or until nothing is left to wait for. @returns whether it is over */
  passUntil(isOver: () => boolean): Promise<boolean>;
}

const START = Date.UTC(2026, 0, 1);

interface Timer {
  at: number;
  call: (() => void) | undefined;
}

export function createSimClock(): SimClock {
  const timers = createReadyQueue<Timer>();
  let now = START;
  let order = 0;

  function after(ms: number, call: () => void): () => void {
    const timer: Timer = { at: now + Math.max(0, ms), call };
    // Those of the same time in the order in which they were set: a fraction too small to reach the next millisecond.
    timers.add(timer.at - START + (order++ % 1e6) / 1e7, timer);
    return () => {
      timer.call = undefined;
    };
  }

  function fireNext(): boolean {
    for (let timer = timers.takeFirst(); timer !== undefined; timer = timers.takeFirst()) {
      if (timer.call === undefined) continue;
      now = timer.at;
      timer.call();
      return true;
    }
    return false;
  }

  return {
    now: () => now,
    after,
    of: (life) => ({
      now: () => now,
      after: (ms, call) => after(ms, () => life.alive && call()),
      sleep(ms, signal) {
        if (!life.touch()) return never();
        return new Promise((resolve, reject) => {
          if (signal?.aborted) {
            reject(signal.reason);
            return;
          }
          const cancel = after(ms, () => {
            signal?.removeEventListener('abort', stop);
            if (life.alive) resolve();
          });
          const stop = () => {
            cancel();
            reject(signal?.reason);
          };
          signal?.addEventListener('abort', stop, { once: true });
        });
      },
    }),
    async passUntil(isOver) {
      for (;;) {
        // Everything that promises have to do is done before the next timer fires.
        await new Promise((resolve) => setImmediate(resolve));
        if (isOver()) return true;
        if (!fireNext()) return false;
      }
    },
  };
}
