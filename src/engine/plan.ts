import { InstallerError } from '../errors/installer-error.ts';
import type { Step } from './step.ts';

/** The installation that is meant when no `--cluster` is given. */
export const DEFAULT_CLUSTER = 'o11y-dev';

export interface Plan {
  /** Name of the plan: state folder, span name, metric label. */
  readonly name: string;
  readonly cluster: string;
  readonly provider?: string;
  /** In the order in which they read; a step may stand before what it needs. */
  readonly steps: readonly Step[];
}

const STEP_ID = /^[a-z0-9][a-z0-9_.-]{0,99}$/i;

/**
 * Checks a plan before anything runs, and gives its steps in an order in which each stands after what it needs;
 * apart from that the plan's own order is kept.
 *
 * @throws InstallerError `config`: a bad or doubled id, a need that is not in the plan, or a cycle (its path is printed)
 */
export function orderSteps(plan: Plan): readonly Step[] {
  const known = new Map<string, Step>();
  for (const step of plan.steps) {
    if (!STEP_ID.test(step.id)) throw bad(plan, `step id "${step.id}" may hold letters, digits, "_", "-" and "." only`);
    if (known.has(step.id)) throw bad(plan, `two steps have the id "${step.id}"`);
    known.set(step.id, step);
  }
  for (const step of plan.steps) {
    for (const need of step.needs ?? []) {
      if (known.get(need.id) !== need)
        throw bad(plan, `step "${step.id}" needs "${need.id}", which is not in the plan`);
    }
  }
  return sorted(plan);
}

/** Depth-first with an own stack: ten thousand steps in one chain must not need ten thousand call frames. */
function sorted(plan: Plan): readonly Step[] {
  const order: Step[] = [];
  const mark = new Map<Step, 'open' | 'done'>();
  for (const root of plan.steps) {
    const path: { step: Step; next: number }[] = mark.has(root) ? [] : [{ step: root, next: 0 }];
    if (path.length > 0) mark.set(root, 'open');
    while (path.length > 0) {
      const top = path[path.length - 1] as { step: Step; next: number };
      const need = top.step.needs?.[top.next++];
      if (need === undefined) {
        mark.set(top.step, 'done');
        order.push(top.step);
        path.pop();
      } else if (!mark.has(need)) {
        mark.set(need, 'open');
        path.push({ step: need, next: 0 });
      } else if (mark.get(need) === 'open') {
        const ids = path.map((entry) => entry.step.id);
        const cycle = [...ids.slice(ids.indexOf(need.id)), need.id];
        throw bad(plan, `steps need each other in a circle: ${cycle.join(' -> ')}`);
      }
    }
  }
  return order;
}

function bad(plan: Plan, why: string): InstallerError {
  return new InstallerError('config', `plan "${plan.name}": ${why}`);
}
