import type { StepRecord } from '../../../src/engine/record.ts';
import type { Observation, Step, StepContext } from '../../../src/engine/step.ts';
import { InstallerError } from '../../../src/errors/installer-error.ts';
import type { Dice } from './dice.ts';
import type { Life } from './life.ts';
import type { SimDisk } from './sim-disk.ts';
import type { SimProcesses } from './sim-processes.ts';

/** How a step of a simulated plan behaves. */
export interface SimStepSpec {
  id: string;
  needs: readonly string[];
  optional: boolean;
  observable: boolean;
  repairable: boolean;
  alwaysObserve: boolean;
  /** Its effect is a child's: it can happen after the engine was killed. */
  byChild: boolean;
  /** Its declared input; a change must be carried into the world. */
  version: number;
}

/** What one step has made. */
interface Made {
  version: number;
  healthy: boolean;
}

/** Troubles of one run; without it the world works. */
export interface Faults {
  dice: Dice;
  transient: number;
  permanent: number;
  unknown: number;
  stuck: number;
}

/** The world that steps change, which checks every touch against what an engine may do. */
export interface SimWorld {
  readonly made: ReadonlyMap<string, Made>;
  /** What has gone against a rule, in words. */
  readonly violations: string[];
  /** Observations, deeds and effects so far. */
  readonly touches: number;
  /** Steps that have been observed or applied since the last `beginRun`. */
  readonly touched: ReadonlySet<string>;
  beginRun(life: Life, faults: Faults | undefined): void;
  createStep(spec: SimStepSpec, needs: readonly Step[]): Step;
  /** Behind the installer's back: gone, or broken. */
  disturb(id: string, how: 'absent' | 'unhealthy'): void;
}

export const CONCURRENCY = 3;

export function createSimWorld(disk: SimDisk, processes: SimProcesses, dice: Dice): SimWorld {
  const made = new Map<string, Made>();
  const violations: string[] = [];
  let touched = new Set<string>();
  let atWork = new Map<string, Life>();
  let stuck = new Set<string>();
  let before = new Map<string, StepRecord>();
  let life: Life | undefined;
  let faults: Faults | undefined;
  let touches = 0;

  function check(holds: boolean, rule: string): void {
    if (!holds) violations.push(rule);
  }

  const happens = (probability: number) => faults?.dice.chance(probability) === true;
  const broken = (message: string, lasting: boolean) =>
    new InstallerError('step_failed', message, { class: lasting ? 'not_found' : 'network_reset' });

  /** Every deed of every step goes through here. */
  async function act(spec: SimStepSpec, ctx: StepContext, needs: readonly Step[], deed: () => Promise<void>) {
    const { id } = spec;
    const own = life;
    touches += 1;
    touched.add(id);
    check(!atWork.has(id), `${id} is at work twice at once`);
    check(!processes.children.some((one) => one.alive && one.step === id), `${id} runs beside its own orphan`);
    // One that heeds nothing is left behind, and counts no longer.
    check(atWork.size - stuck.size < CONCURRENCY, `more than ${CONCURRENCY} steps at work`);
    for (const need of needs) check(ctx.isDone(need.id) || need.severity === 'optional', `${id} before ${need.id}`);
    atWork.set(id, own as Life);
    try {
      await deed();
    } finally {
      if (own === life) atWork.delete(id);
    }
  }

  function effect(spec: SimStepSpec, change: () => void): void {
    const { id } = spec;
    touches += 1;
    const record = disk.steps.get(id);
    check(record?.status === 'in_progress', `effect of ${id} while it is recorded as ${record?.status}`);
    const there = made.get(id);
    if (there?.healthy && there.version === spec.version) {
      const first = before.get(id);
      const wasDone = first?.status === 'completed' && first.inputs?.version === String(spec.version);
      check(!wasDone, `${id} was done, and is done again`);
      check(!spec.observable || record?.outdated === true, `${id} is there, could be seen, and is made again`);
    }
    change();
  }

  /** The time around an effect, in which all may go wrong. */
  async function apply(spec: SimStepSpec, ctx: StepContext, change: () => void): Promise<void> {
    const own = life;
    if (happens(faults?.stuck ?? 0)) {
      stuck.add(spec.id);
      await ctx.clock.sleep(100_000);
    }
    await ctx.clock.sleep(dice.int(20), ctx.signal);
    if (happens(faults?.permanent ?? 0)) throw broken('refused', true);
    if (happens(faults?.transient ?? 0)) throw broken('reset', false);
    if (spec.byChild) {
      processes.install(spec.id, () => {
        const effectAt = dice.int(40);
        return {
          effectAt,
          effect: () => effect(spec, change),
          endAt: effectAt + dice.int(60),
          exitCode: happens(faults?.transient ?? 0) ? 1 : 0,
          heedsAfter: dice.int(150),
        };
      });
      await ctx.exec({ file: spec.id });
    } else if (own?.touch()) effect(spec, change);
    if (happens(faults?.transient ?? 0)) throw broken('reset after the effect', false);
    await ctx.clock.sleep(dice.int(5), ctx.signal);
  }

  async function observe(spec: SimStepSpec, ctx: StepContext): Promise<Observation> {
    touches += 1;
    touched.add(spec.id);
    life?.touch();
    await ctx.clock.sleep(dice.int(5), ctx.signal);
    if (happens(faults?.unknown ?? 0)) return { state: 'unknown', reason: 'does not answer' };
    const there = made.get(spec.id);
    return { state: there === undefined ? 'absent' : there.healthy ? 'present' : 'unhealthy' };
  }

  return {
    made,
    violations,
    get touches() {
      return touches;
    },
    get touched() {
      return touched;
    },
    beginRun(newLife, newFaults) {
      life = newLife;
      faults = newFaults;
      touched = new Set();
      // What a dead process was doing itself has died with it; its children have not.
      atWork = new Map();
      stuck = new Set();
      before = new Map(disk.steps);
    },
    disturb(id, how) {
      const there = made.get(id);
      if (there === undefined) return;
      if (how === 'absent') made.delete(id);
      else made.set(id, { ...there, healthy: false });
    },
    createStep(spec, needs) {
      const make = () => {
        made.set(spec.id, { version: spec.version, healthy: true });
      };
      const mend = () => {
        const there = made.get(spec.id);
        if (there !== undefined) made.set(spec.id, { ...there, healthy: true });
      };
      return {
        id: spec.id,
        title: spec.id,
        needs,
        severity: spec.optional ? 'optional' : 'critical',
        alwaysObserve: spec.alwaysObserve,
        inputs: () => ({ version: String(spec.version) }),
        ...(spec.observable ? { observe: (ctx: StepContext) => observe(spec, ctx) } : {}),
        apply: async (ctx) => {
          await act(spec, ctx, needs, () => apply(spec, ctx, make));
          return { version: spec.version };
        },
        ...(spec.repairable
          ? {
              repair: async (ctx: StepContext) => {
                await act(spec, ctx, needs, () => apply(spec, ctx, mend));
                return undefined;
              },
            }
          : {}),
      };
    },
  };
}
