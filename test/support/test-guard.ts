import { classifyError } from '../../src/errors/classify-error.ts';
import type { ResilienceEvent } from '../../src/resilience/events.ts';
import { createGuard, type Guard } from '../../src/resilience/guard.ts';
import { createMemoryStore, type SharedStore } from '../../src/resilience/shared-store.ts';
import { systemClock } from '../../src/system/clock.ts';

/** A guard in real time that never waits longer than a server asks, with what it tells. */
export function makeTestGuard(store: SharedStore = createMemoryStore()): { guard: Guard; events: ResilienceEvent[] } {
  const events: ResilienceEvent[] = [];
  const guard = createGuard({
    store,
    clock: systemClock,
    random: () => 0,
    classify: classifyError,
    mask: (text) => text,
    hear: (event) => events.push(event),
  });
  return { guard, events };
}
