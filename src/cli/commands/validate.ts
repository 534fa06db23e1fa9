import { orderSteps } from '../../engine/plan.ts';
import { loadPlan } from '../../plans/user/load-plan.ts';
import { countSteps } from '../../ui/text.ts';
import type { Invocation } from '../program.ts';
import type { Terminal } from '../terminal.ts';

/** `validate PLAN`: what a run would refuse before it starts. @returns exit code */
export async function validate({ args, flags }: Invocation, terminal: Terminal): Promise<number> {
  const { plan, path } = await loadPlan(args.plan ?? '');
  const steps = orderSteps(plan);
  for (const step of steps) await step.inputs?.();
  if (flags.json === true) {
    const listed = steps.map(({ id, title, needs }) => ({ id, title, needs: (needs ?? []).map((need) => need.id) }));
    terminal.stdout.write(`${JSON.stringify({ plan: plan.name, path, valid: true, steps: listed })}\n`);
  } else {
    terminal.stdout.write(
      `${plan.name}: ${countSteps(steps.length)}, in this order: ${steps.map((step) => step.id).join(', ')}\n`,
    );
  }
  return 0;
}
