import type { EngineEvent } from '../../src/engine/events.ts';
import type { Plan } from '../../src/engine/plan.ts';
import type { Processes, Recorder, SpawnRequest, SpawnResult } from '../../src/engine/ports.ts';
import type { Change, RunFields, StepRecord } from '../../src/engine/record.ts';
import { type RunOptions, type RunReport, runPlan } from '../../src/engine/run-plan.ts';
import type { EnginePorts } from '../../src/engine/run-ports.ts';
import { createSecrets } from '../../src/engine/secrets.ts';
import type { Step, StepContext } from '../../src/engine/step.ts';
import { TRANSIENT_CLASSES } from '../../src/errors/error-class.ts';
import { InstallerError } from '../../src/errors/installer-error.ts';
import { createMemoryStore } from '../../src/resilience/shared-store.ts';
import { createLife } from './simulation/life.ts';
import { createSimClock, type SimClock } from './simulation/sim-clock.ts';
import { merge } from './simulation/sim-disk.ts';

/** What was asked of the ports, in order. */
export interface MemoryEngine {
  ports: EnginePorts;
  clock: SimClock;
  steps: Map<string, StepRecord>;
  run: RunFields;
  events: EngineEvent[];
  /** Changes by group commit: those that came in one tick are one entry. */
  commits: Change[][];
  spawned: SpawnRequest[];
  /** Texts appended to logs, by path. */
  logs: Map<string, string>;
  /** Runs a plan on the simulated clock. */
  play(steps: readonly Step[], options?: Partial<RunOptions>): Promise<RunReport>;
  /** Lets simulated time pass until a promise has settled. */
  settle<T>(promise: Promise<T>): Promise<T>;
}

export interface MemoryEngineOptions extends Partial<Omit<EnginePorts, 'recorder' | 'clock'>> {
  steps?: Record<string, StepRecord>;
  run?: RunFields;
  /** Awaited by every record: throws to play a full disk. */
  onRecord?: (change: Change) => Promise<void>;
  /** Answers a child; default: exits with 0 at once. */
  child?: (request: SpawnRequest) => Promise<SpawnResult>;
}

/** An engine's ports in memory on a simulated clock, for tests of the engine's own rules. */
export function createMemoryEngine(options: MemoryEngineOptions = {}): MemoryEngine {
  const clock = createSimClock();
  const steps = new Map(Object.entries(options.steps ?? {}));
  const run: RunFields = { ...options.run };
  const events: EngineEvent[] = [];
  const commits: Change[][] = [];
  const spawned: SpawnRequest[] = [];
  const logs = new Map<string, string>();
  const life = createLife(undefined, () => undefined);
  let open: Change[] | undefined;

  const recorder: Recorder = {
    step: (id) => steps.get(id),
    run,
    async record(change) {
      merge(steps, run, change);
      if (open === undefined) {
        open = [];
        commits.push(open);
        queueMicrotask(() => {
          open = undefined;
        });
      }
      open.push(change);
      await options.onRecord?.(change);
    },
  };
  const processes: Processes = {
    async spawn(request) {
      spawned.push(request);
      const done = { exitCode: 0, signal: null, stdout: '', stderr: '' };
      const result = options.child?.(request) ?? Promise.resolve(done);
      return {
        pid: 100 + spawned.length,
        startTicks: 1,
        result,
        terminate: async () => undefined,
        kill: () => undefined,
      };
    },
    isAlive: () => false,
    findMarked: () => [],
    end: async () => undefined,
  };
  const ports: EnginePorts = {
    shared: createMemoryStore(),
    clock: clock.of(life),
    random: () => 0.5,
    processes,
    recorder,
    logs: {
      open: (step, attempt) => `/logs/${step}.${attempt}.log`,
      append: (path, text) => logs.set(path, (logs.get(path) ?? '') + text),
      trim: () => undefined,
      size: () => 0,
      tail: () => [],
    },
    consent: async () => undefined,
    secrets: createSecrets({}),
    listeners: [(event) => events.push(event)],
    env: {},
    classify: (thrown) => (thrown instanceof InstallerError ? thrown.class : 'unknown'),
    policy: { timeoutMs: 60_000, attempts: 1, delayMs: 1000, maxDelayMs: 10_000, retryOn: TRANSIENT_CLASSES },
    graceMs: 1000,
    ...options,
  };

  async function settle<T>(promise: Promise<T>): Promise<T> {
    let over = false;
    const watched = promise.finally(() => {
      over = true;
    });
    watched.catch(() => undefined);
    if (!(await clock.passUntil(() => over))) throw new Error('nothing is left to wait for, and it has not ended');
    return await watched;
  }

  return {
    ports,
    clock,
    steps,
    run,
    events,
    commits,
    spawned,
    logs,
    settle,
    play: (list, more = {}) => {
      const plan: Plan = { name: 'test', cluster: 'test', steps: list };
      return settle(runPlan(plan, ports, { mode: 'run', runId: 'r1', signal: new AbortController().signal, ...more }));
    },
  };
}

/** A step that does nothing, unless told otherwise. */
export function makeStep(id: string, more: Partial<Step> = {}): Step {
  return { id, title: `do ${id}`, apply: async () => undefined, ...more };
}

/** A failure of a class. */
export function failure(message: string, kind: InstallerError['class'] = 'unknown'): InstallerError {
  return new InstallerError('step_failed', message, { class: kind });
}

/** What the engine has told of one type, in order. */
export function eventsOf({ events }: MemoryEngine, type: EngineEvent['type']): readonly EngineEvent[] {
  return events.filter((event) => event.type === type);
}

/** Runs one step that uses its context as given. */
export async function withContext(work: (ctx: StepContext) => Promise<unknown>, options: MemoryEngineOptions = {}) {
  const engine = createMemoryEngine(options);
  const apply = async (ctx: StepContext) => {
    await work(ctx);
    return undefined;
  };
  return { ...engine, report: await engine.play([makeStep('a', { apply })]) };
}
