import { onTestFinished } from 'vitest';
import { classifyError } from '../../src/errors/classify-error.ts';
import { openRegistryApi, type RegistryApi, type RegistryOptions } from '../../src/images/registry/api.ts';
import type { ResilienceEvent } from '../../src/resilience/events.ts';
import { createGuard, type Guard } from '../../src/resilience/guard.ts';
import { createMemoryStore } from '../../src/resilience/shared-store.ts';
import { systemClock } from '../../src/system/clock.ts';

/** A client without any login, closed when the test has ended. */
export function openTestApi(options: Partial<RegistryOptions> = {}): RegistryApi {
  const api = openRegistryApi({ env: {}, credentials: async () => undefined, now: Date.now, ...options });
  onTestFinished(() => api.close());
  return api;
}

/** A guard with a memory of its own, in real time. @param hurry how much shorter its delays are */
export function makeGuard({ hurry = 1 } = {}): { guard: Guard; events: ResilienceEvent[] } {
  const events: ResilienceEvent[] = [];
  const guard = createGuard({
    store: createMemoryStore(),
    clock: { ...systemClock, sleep: (ms, signal) => systemClock.sleep(ms / hurry, signal) },
    random: Math.random,
    classify: classifyError,
    mask: (text) => text,
    hear: (event) => void events.push(event),
  });
  return { guard, events };
}
