import { formatDuration, formatElapsed } from './format-time.ts';
import type { Paint } from './paint.ts';
import type { StepState, StepView } from './run-view.ts';

/** How a step ended, in a few words: `18s`, `already there`, `failed after 5m00s, 3 attempts`. */
export function describeEnd(view: StepView): string {
  const { state, action, attempt, reason } = view;
  const took = formatDuration(view.durationMs ?? 0);
  const tries = attempt > 1 ? `, ${attempt} attempts` : '';
  if (state === 'failed') return `failed after ${took}${tries}`;
  if (state === 'interrupted') return `interrupted after ${took}`;
  if (state === 'blocked') return reason === undefined ? 'not started' : `not started: ${reason}`;
  if (action === 'trust') return 'done before';
  if (action === 'keep') return 'already there';
  if (action === 'rollback') return `taken back, ${took}`;
  if (action === 'none') return reason ?? 'nothing to do';
  return `${took}${action === 'repair' ? ', repaired' : ''}${tries}`;
}

/** How long a step has been running, and how long it took in earlier runs. */
export function describeElapsed(view: StepView, now: number, estimateMs: number | undefined): string {
  const elapsed = formatElapsed(now - (view.startedAt ?? now));
  return estimateMs === undefined ? elapsed : `${elapsed} of ~${formatElapsed(Math.max(1000, estimateMs))}`;
}

/** What a running step does, waits for, or tries again and why. */
export function describeNow(view: StepView, now: number): string {
  if (view.state === 'retrying') {
    const left = Math.max(0, (view.retryAt ?? now) - now);
    return `attempt ${view.attempt + 1} in ${formatElapsed(left + 999)}: ${view.error?.message ?? 'the last one failed'}`;
  }
  const doing = view.progress ?? '';
  if (view.attempt < 2) return doing;
  return doing === '' ? `attempt ${view.attempt}` : `attempt ${view.attempt}: ${doing}`;
}

/** One character that tells the state without its colour, too. */
export function symbolOf(state: StepState, paint: Paint, spinner = '•'): string {
  if (state === 'done') return paint.done('✓');
  if (state === 'failed') return paint.failed('✗');
  if (state === 'running') return paint.attention(spinner);
  if (state === 'retrying') return paint.attention('↻');
  if (state === 'interrupted') return paint.attention('!');
  return paint.dim('·');
}
