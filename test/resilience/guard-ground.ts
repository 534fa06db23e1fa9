import type { ErrorClass } from '../../src/errors/error-class.ts';
import { InstallerError, toInstallerError } from '../../src/errors/installer-error.ts';
import type { ResilienceEvent } from '../../src/resilience/events.ts';
import { createGuard, type Guard } from '../../src/resilience/guard.ts';
import { createMemoryStore, type SharedStore } from '../../src/resilience/shared-store.ts';
import type { Clock } from '../../src/resilience/time.ts';
import { runSimulated } from '../support/simulation/run-simulated.ts';

export const REGISTRY = { kind: 'registry', name: 'docker.io' } as const;
export const MIRROR = { kind: 'registry', name: 'mirror.test' } as const;
export const error = (errorClass: ErrorClass, message = errorClass) =>
  new InstallerError('step_failed', message, { class: errorClass });
export const fail = (errorClass: ErrorClass) => () => Promise.reject(error(errorClass));

export interface Ground {
  guard: Guard;
  clock: Clock;
  store: SharedStore;
  events: ResilienceEvent[];
  types(): string[];
}

export function play<T>(work: (ground: Ground) => Promise<T>): Promise<T> {
  return runSimulated((clock) => {
    const events: ResilienceEvent[] = [];
    const store = createMemoryStore();
    const guard = createGuard({
      clock,
      store,
      random: () => 0.5,
      classify: (thrown) => toInstallerError(thrown).class,
      mask: (text) => text.replaceAll('hunter2', '***'),
      hear: (event) => void events.push(event),
    });
    return work({ guard, clock, store, events, types: () => events.map(({ type }) => type) });
  });
}

/** Fails so often that the breaker opens. */
export async function open({ guard }: Ground): Promise<void> {
  for (let call = 0; call < 5; call += 1) {
    await guard.call(REGISTRY, fail('server_error'), { policy: { attempts: 1 } }).catch(() => undefined);
  }
}
