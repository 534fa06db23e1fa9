import type { Clock } from '../../../src/engine/ports.ts';
import { createLife } from './life.ts';
import { createSimClock } from './sim-clock.ts';

/** Does something on a clock whose time passes only while everything waits: hours in milliseconds. */
export async function runSimulated<T>(work: (clock: Clock) => Promise<T>): Promise<T> {
  const sim = createSimClock();
  let over = false;
  const done = work(sim.of(createLife(undefined, () => undefined))).finally(() => {
    over = true;
  });
  // Judged where it is awaited below.
  done.catch(() => undefined);
  if (!(await sim.passUntil(() => over))) throw new Error('nothing is left to wait for, and it has not ended');
  return await done;
}
