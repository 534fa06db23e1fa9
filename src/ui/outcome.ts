import { formatDuration } from './format-time.ts';
import type { Paint } from './paint.ts';
import { troubleLines } from './resilience-lines.ts';
import type { RunView } from './run-view.ts';
import { cleanLine, countSteps } from './text.ts';

/**
 * How a run ended, below the list of its steps: its result, and the failures that the error of the run does not tell
 * (of optional steps, or of a second step that ran beside the first).
 */
export function describeOutcome(view: RunView, paint: Paint): string[] {
  const { finish, steps, targets } = view;
  if (finish === undefined) return [];
  const others = [...view.failed].filter(({ error }) => error !== undefined && error.message !== finish.error?.message);
  const lines = others.flatMap(({ id, severity, error }) => [
    `${paint.failed('✗')} ${paint.strong(id)}${severity === 'optional' ? ' (optional)' : ''}: ${cleanLine(error?.message ?? '')}`,
    ...(error?.hint === undefined ? [] : [`  ${cleanLine(error.hint)}`]),
    ...(error?.log === undefined ? [] : [paint.dim(`  log: ${cleanLine(error.log)}`)]),
  ]);
  lines.push(...troubleLines(targets()).map((text) => `${paint.attention('!')} ${cleanLine(text)}`));
  const took = formatDuration(finish.durationMs);
  const count = countSteps(steps.length);
  if (finish.result === 'success') {
    const touched = steps.some(({ state, action }) => state === 'done' && (action === 'apply' || action === 'repair'));
    const all = view.doneCount === steps.length ? count : `${view.doneCount} of ${count}`;
    const told = touched ? `done: ${all} in ${took}` : `nothing to do: ${count} looked at in ${took}`;
    return [...lines, `${paint.done('✓')} ${told}`];
  }
  const word = { cancellation: 'interrupted', timeout: 'out of time' }[finish.result as string] ?? 'failed';
  const symbol = finish.result === 'cancellation' ? paint.attention('!') : paint.failed('✗');
  return [...lines, `${symbol} ${word} after ${took}: ${view.doneCount} of ${count} done`];
}
