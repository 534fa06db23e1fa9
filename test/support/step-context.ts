import { join } from 'node:path';
import type { EngineEvent } from '../../src/engine/events.ts';
import type { Consent, Recorder } from '../../src/engine/ports.ts';
import type { Outputs, RunFields, StepRecord } from '../../src/engine/record.ts';
import { createStepContext } from '../../src/engine/run-attempt.ts';
import type { EnginePorts } from '../../src/engine/run-ports.ts';
import { createSecrets } from '../../src/engine/secrets.ts';
import type { Step, StepContext } from '../../src/engine/step.ts';
import { classifyError } from '../../src/errors/classify-error.ts';
import { InstallerError } from '../../src/errors/installer-error.ts';
import { createMemoryStore } from '../../src/resilience/shared-store.ts';
import { createChildProcesses } from '../../src/system/child-processes.ts';
import { systemClock } from '../../src/system/clock.ts';
import { createLogFiles } from '../../src/system/log-files.ts';
import { makeTempFolder } from './temp-folder.ts';

export interface PortsOptions {
  env?: Readonly<Record<string, string | undefined>>;
  /** Default: everything is agreed to. */
  consent?: Consent;
  /** Filled with what is recorded; give it again to play a later run. */
  steps?: Map<string, StepRecord>;
  /** Hears every event, too. */
  listen?: (event: EngineEvent) => void;
}

/** Real children, logs and time; the record is kept in memory. */
export async function makeEnginePorts(
  options: PortsOptions = {},
): Promise<EnginePorts & { events: EngineEvent[]; steps: Map<string, StepRecord> }> {
  const events: EngineEvent[] = [];
  const steps = options.steps ?? new Map<string, StepRecord>();
  const run: RunFields = {};
  const recorder: Recorder = {
    step: (id) => steps.get(id),
    run,
    async record(change) {
      Object.assign(run, change.run);
      for (const [id, fields] of Object.entries(change.steps ?? {})) {
        const merged = Object.entries({ ...steps.get(id), ...fields }).filter(([, value]) => value !== null);
        steps.set(id, Object.fromEntries(merged) as StepRecord);
      }
    },
  };
  const secrets = createSecrets({});
  return {
    events,
    steps,
    shared: createMemoryStore(),
    clock: systemClock,
    random: () => 0,
    processes: createChildProcesses(secrets),
    recorder,
    logs: createLogFiles(join(await makeTempFolder(), 'logs'), 'test'),
    consent: options.consent ?? (async () => undefined),
    secrets,
    listeners: [(event) => events.push(event), ...(options.listen === undefined ? [] : [options.listen])],
    env: options.env ?? process.env,
    classify: classifyError,
    policy: { timeoutMs: 60_000, attempts: 1, delayMs: 0, maxDelayMs: 0, retryOn: [] },
    graceMs: 2000,
  };
}

/** A step's context as the engine makes it, with real children and a log in a temporary folder. */
export async function makeStepContext(
  options: PortsOptions & { step?: string; outputs?: Record<string, Outputs>; signal?: AbortSignal } = {},
): Promise<StepContext & { events: EngineEvent[] }> {
  const ports = await makeEnginePorts(options);
  for (const [id, outputs] of Object.entries(options.outputs ?? {})) {
    ports.steps.set(id, { status: 'completed', outputs });
  }
  const step: Step = { id: options.step ?? 'under_test', title: 'under test', apply: async () => undefined };
  const ctx = createStepContext({ ports, mode: 'run', runId: 'test', signal: new AbortController().signal }, step, {
    attempt: 1,
    log: ports.logs.open(step.id, 1),
    signal: options.signal ?? new AbortController().signal,
    recorded: ports.steps.get(step.id),
  });
  return { ...ctx, events: ports.events };
}

/** Plays a user who says no. */
export const declined: Consent = async () => {
  throw new InstallerError('consent_declined', 'declined');
};
