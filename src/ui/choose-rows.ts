import type { RunView, StepView } from './run-view.ts';

const NEXT = 2;

/**
 * The steps worth showing when not all fit: what runs, what failed, what ended last, what comes next; in the plan's order.
 *
 * @param rows lines there are; a running step takes two of them
 */
export function chooseRows(view: RunView, rows: number): readonly StepView[] {
  const { steps, running } = view;
  if (steps.length + running.size <= rows) return steps;
  const chosen = new Set<StepView>();
  let left = rows;
  const take = (step: StepView, lines: number): void => {
    if (chosen.has(step) || lines > left) return;
    chosen.add(step);
    left -= lines;
  };
  for (const step of running) take(step, 2);
  const failures = [...view.failed].slice(-Math.max(1, Math.floor(left / 2)));
  for (const step of failures.reverse()) take(step, 1);
  for (const step of nextSteps(view, Math.min(NEXT, left - 1))) take(step, 1);
  for (const step of [...view.recent].reverse()) take(step, 1);
  for (const step of steps) {
    if (left < 1) break;
    take(step, 1);
  }
  return [...chosen].sort((a, b) => a.index - b.index);
}

/** The first ones that wait after the last one that has begun: found without walking through thousands. */
function nextSteps({ steps, running, recent }: RunView, count: number): StepView[] {
  let index = 0;
  for (const step of [...running, ...recent]) index = Math.max(index, step.index + 1);
  const next: StepView[] = [];
  for (; index < steps.length && next.length < count; index += 1) {
    const step = steps[index];
    if (step?.state === 'waiting') next.push(step);
  }
  return next;
}
