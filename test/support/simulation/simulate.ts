import type { EngineEvent } from '../../../src/engine/events.ts';
import type { Mode, StepStatus } from '../../../src/engine/record.ts';
import { type RunReport, runPlan } from '../../../src/engine/run-plan.ts';
import type { EnginePorts } from '../../../src/engine/run-ports.ts';
import { createSecrets } from '../../../src/engine/secrets.ts';
import type { Step } from '../../../src/engine/step.ts';
import { TRANSIENT_CLASSES } from '../../../src/errors/error-class.ts';
import { InstallerError } from '../../../src/errors/installer-error.ts';
import { createMemoryStore } from '../../../src/resilience/shared-store.ts';
import { createDice, type Dice } from './dice.ts';
import { createLife } from './life.ts';
import { createSimClock } from './sim-clock.ts';
import { createSimDisk } from './sim-disk.ts';
import { createSimProcesses } from './sim-processes.ts';
import { CONCURRENCY, createSimWorld, type Faults, type SimStepSpec } from './sim-world.ts';

/** What is done to one run of a plan. */
export interface RunScript {
  mode: Mode;
  faults?: Faults;
  /** Port call at which the engine is killed. */
  killAt?: number;
  /** Flush of the record from which on the disk is full. */
  failAt?: number;
  /** Milliseconds after the start at which the user interrupts. */
  interruptAt?: number;
  acceptChanges?: boolean;
}

export interface RunEnd {
  /** Undefined when the engine was killed, or has thrown. */
  report?: RunReport;
  thrown?: InstallerError;
  killed: boolean;
  /** Calls of ports that were made: the points at which it can be killed. */
  calls: number;
}

const GRACE_MS = 100;
const LEGAL: ReadonlySet<string> = new Set([
  'undefined>pending',
  'pending>in_progress',
  'in_progress>in_progress',
  'in_progress>completed',
  'in_progress>failed',
  'failed>in_progress',
  // Changed inputs, or gone behind our back; or it can no longer be told how it is.
  'completed>in_progress',
  'completed>failed',
]);

/** A plan, its world and its disk, through any number of runs. */
export function createSimulation(dice: Dice, specs: readonly SimStepSpec[]) {
  const clock = createSimClock();
  const disk = createSimDisk(clock, dice);
  const processes = createSimProcesses(clock, dice);
  const world = createSimWorld(disk, processes, dice);
  const secrets = createSecrets({});
  let runs = 0;

  async function run(script: RunScript): Promise<RunEnd> {
    const life = createLife(script.killAt, () => disk.cut());
    const controller = new AbortController();
    const events: EngineEvent[] = [];
    const firstTransition = disk.transitions.length;
    world.beginRun(life, script.faults);
    const ports: EnginePorts = {
      shared: createMemoryStore(),
      clock: clock.of(life),
      random: dice.next,
      processes: processes.of(life),
      recorder: disk.open(life, script.failAt),
      logs: {
        open: (step, attempt) => `${step}.${attempt}`,
        append: () => {},
        trim: () => {},
        size: () => 0,
        tail: () => [],
      },
      consent: async () => {
        if (dice.chance(0.5)) throw new InstallerError('consent_declined', 'no');
      },
      secrets,
      listeners: [
        (event) => {
          if (life.alive) events.push(event);
        },
      ],
      env: {},
      classify: (thrown) => (thrown instanceof InstallerError ? thrown.class : 'unknown'),
      policy: { timeoutMs: 2000, attempts: 3, delayMs: 10, maxDelayMs: 100, retryOn: TRANSIENT_CLASSES },
      graceMs: GRACE_MS,
    };
    if (script.interruptAt !== undefined) {
      const reason = new InstallerError('interrupted', 'stopped', { class: 'cancelled' });
      clock.after(script.interruptAt, () => controller.abort(reason));
    }
    runs += 1;
    const runId = `run${runs}`;
    const end: RunEnd = { killed: false, calls: 0 };
    let over = false;
    void runPlan({ name: 'sim', cluster: 'sim', steps: steps() }, ports, {
      mode: script.mode,
      runId,
      signal: controller.signal,
      concurrency: CONCURRENCY,
      acceptChanges: script.acceptChanges ?? true,
      endOrphans: dice.chance(0.5),
    })
      .then(
        (report) => {
          end.report = report;
        },
        (thrown) => {
          if (thrown instanceof InstallerError) end.thrown = thrown;
          else world.violations.push(`threw ${thrown instanceof Error ? thrown.stack : String(thrown)}`);
        },
      )
      .finally(() => {
        over = true;
      });
    const cameToEnd = await clock.passUntil(() => over || !life.alive);
    if (!cameToEnd) world.violations.push('waits for ever');
    end.killed = !life.alive;
    end.calls = life.calls;
    if (!end.killed) {
      // A run that was refused, or stopped while it waited for them, leaves orphans as they were.
      const left = processes.children.filter(
        (child) => child.alive && (child.runId === runId || end.report !== undefined),
      );
      if (left.length > 0) world.violations.push(`ended, but left children of ${left.map((child) => child.step)}`);
    }
    judgeRecord(events, firstTransition, end);
    life.end();
    return end;
  }

  /** Every transition is legal, and told once, in order, when it is durable and no sooner. */
  function judgeRecord(events: readonly EngineEvent[], first: number, end: RunEnd): void {
    const told = new Map<string, StepStatus[]>();
    for (const event of events) {
      if (event.type !== 'step_recorded') continue;
      told.set(event.step, [...(told.get(event.step) ?? []), event.status]);
    }
    const durable = new Map<string, StepStatus[]>();
    for (const { step, from, to } of disk.transitions.slice(first)) {
      if (!LEGAL.has(`${from}>${to}`)) world.violations.push(`${step} went from ${from} to ${to}`);
      // Recorded once more on an interruption, with its reason: no transition.
      const known = durable.get(step) ?? [];
      if (from === 'in_progress' && to === 'in_progress' && known.length > 0) continue;
      durable.set(step, [...known, to]);
    }
    for (const step of new Set([...told.keys(), ...durable.keys()])) {
      const [events, record] = [told.get(step) ?? [], durable.get(step) ?? []];
      // A killed engine, or one with a full disk, has perhaps not told the last one.
      const complete = end.killed || end.thrown !== undefined ? record.slice(0, events.length) : record;
      if (complete.join() !== events.join()) {
        world.violations.push(`${step} was recorded as [${record}], but told as [${events}]`);
      }
    }
    const finished = events.filter((event) => event.type === 'run_finished').length;
    const started = events.filter((event) => event.type === 'run_started').length;
    if (!end.killed && finished !== started) world.violations.push('a run that was told to start was not told to end');
  }

  function steps(): readonly Step[] {
    const known = new Map<string, Step>();
    for (const spec of specs) {
      const needs = spec.needs.map((id) => known.get(id)).filter((step) => step !== undefined);
      known.set(spec.id, world.createStep(spec, needs));
    }
    return [...known.values()];
  }

  return { run, world, disk, clock, processes };
}

/** A plan of up to eight steps with needs among them. */
export function drawPlan(dice: Dice): SimStepSpec[] {
  const specs: SimStepSpec[] = [];
  const count = 1 + dice.int(8);
  for (let index = 0; index < count; index += 1) {
    const observable = dice.chance(0.6);
    specs.push({
      id: `s${index}`,
      needs: specs.filter(() => dice.chance(0.3)).map((spec) => spec.id),
      optional: dice.chance(0.2),
      observable,
      repairable: observable && dice.chance(0.5),
      alwaysObserve: observable && index === 0 && dice.chance(0.5),
      byChild: dice.chance(0.5),
      version: 1,
    });
  }
  return specs;
}

/**
 * One history: a drawn plan, a few runs with drawn troubles and kills, then runs without any.
 *
 * @returns what went against the rules, in words; empty when all is well
 */
export async function simulateSeed(seed: number): Promise<readonly string[]> {
  const dice = createDice(seed);
  const specs = drawPlan(dice);
  const simulation = createSimulation(dice, specs);
  const { world, clock } = simulation;
  for (let left = 1 + dice.int(4); left > 0; left -= 1) {
    await simulation.run(drawRun(dice));
    clock.after(dice.int(300), () => undefined);
    const until = clock.now() + dice.int(200);
    if (dice.chance(0.5)) await clock.passUntil(() => clock.now() >= until);
    for (const spec of specs) {
      if (spec.observable && dice.chance(0.1)) world.disturb(spec.id, dice.pick(['absent', 'unhealthy']));
      if (dice.chance(0.05)) spec.version += 1;
    }
  }
  const last = await simulation.run({ mode: 'repair' });
  if (last.report?.result !== 'success')
    world.violations.push(`no success at last: ${last.report?.error?.message ?? last.thrown?.message}`);
  for (const spec of specs) {
    const made = world.made.get(spec.id);
    if (made?.version !== spec.version)
      world.violations.push(`${spec.id} is at version ${made?.version}, not ${spec.version}`);
    if (made?.healthy !== true) world.violations.push(`${spec.id} is not healthy at last`);
  }
  const resumed = await simulation.run({ mode: 'resume' });
  if (resumed.report?.result !== 'success') world.violations.push('a resume of what is done fails');
  const trusted = specs.filter((spec) => !spec.alwaysObserve && world.touched.has(spec.id));
  if (trusted.length > 0) world.violations.push(`a resume touched ${trusted.map((spec) => spec.id)}`);
  return world.violations;
}

function drawRun(dice: Dice): RunScript {
  const rough = dice.chance(0.7);
  const faults: Faults = {
    dice,
    transient: dice.next() * 0.3,
    permanent: dice.next() * 0.1,
    unknown: dice.next() * 0.2,
    stuck: dice.chance(0.1) ? 0.1 : 0,
  };
  return {
    mode: dice.pick(['run', 'resume', 'repair']),
    ...(rough ? { faults } : {}),
    ...(dice.chance(0.5) ? { killAt: 1 + Math.floor(dice.next() ** 2 * 120) } : {}),
    ...(dice.chance(0.1) ? { failAt: 1 + dice.int(15) } : {}),
    ...(dice.chance(0.15) ? { interruptAt: dice.int(300) } : {}),
    acceptChanges: dice.chance(0.8),
  };
}
