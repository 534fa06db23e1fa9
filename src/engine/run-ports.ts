import type { ErrorClass } from '../errors/error-class.ts';
import type { RetryPolicy } from '../resilience/policy.ts';
import type { SharedStore } from '../resilience/shared-store.ts';
import type { EngineEvent } from './events.ts';
import type { Clock, Consent, Listener, Logs, Processes, Random, Recorder } from './ports.ts';
import type { Secrets } from './secrets.ts';

/** Everything that the engine needs from outside; a simulation replaces all of it. */
export interface EnginePorts {
  clock: Clock;
  random: Random;
  processes: Processes;
  recorder: Recorder;
  logs: Logs;
  consent: Consent;
  secrets: Secrets;
  listeners: readonly Listener[];
  /** Environment that children inherit. Secrets are taken out of it, unless a command declares them. */
  env: Readonly<Record<string, string | undefined>>;
  /** Further variables for the children of a step, such as TRACEPARENT. */
  childEnv?: (step: string) => Readonly<Record<string, string>>;
  /** What all installations of this home know of the services that they depend on. */
  shared: SharedStore;
  /** Class of a foreign error, from evidence. */
  classify: (thrown: unknown) => ErrorClass;
  /** Policy of a step that declares none. */
  policy: RetryPolicy;
  /** Time between SIGTERM and SIGKILL for a child, in milliseconds. */
  graceMs: number;
}

/** Tells every listener. A listener that throws loses the event; nobody else notices. */
export function emit(ports: EnginePorts, event: EngineEvent): void {
  for (const listener of ports.listeners) {
    try {
      listener(event);
    } catch {
      // Telemetry and terminals must never change the outcome of an installation.
    }
  }
}

/** A time as the state document writes it: UTC with milliseconds. */
export function isoTime(ms: number): string {
  return new Date(ms).toISOString();
}
