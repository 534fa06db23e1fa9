import { isDone } from '../engine/record.ts';
import { chooseRows } from './choose-rows.ts';
import { formatElapsed } from './format-time.ts';
import type { Paint } from './paint.ts';
import type { RunView, StepView } from './run-view.ts';
import { describeElapsed, describeEnd, describeNow, symbolOf } from './step-text.ts';
import { cleanLine, padTo, truncate, widthOf } from './text.ts';

export interface FrameOptions {
  /** Of the terminal; no line is longer than one less, so that none wraps. */
  columns: number;
  rows: number;
  /** Milliseconds since the epoch. */
  now: number;
  paint: Paint;
  /** Usual duration of a step in milliseconds, from earlier runs. */
  estimate: (step: string) => number | undefined;
  /** Which picture of the turning symbol. */
  turn: number;
}

const SPINNER = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
/** Lines are easier to read when they are not as wide as the screen. */
const WIDEST = 110;
/** Kept for durations beside the titles. */
const TIMES = { wide: 20, narrow: 12 };

type Segment = readonly [text: string, paint: (text: string) => string];

/** The whole picture of a run: heading, steps, what is left. */
export function renderFrame(view: RunView, options: FrameOptions): string[] {
  const width = Math.min(options.columns - 1, WIDEST);
  const heading = headingOf(view, options, width);
  const footer = footerOf(view, options, width);
  // The outcome stands below the last picture of an ended run.
  const ended = view.finish !== undefined;
  const roomy = options.rows >= 12;
  const spent = (heading === '' ? 0 : roomy ? 2 : 1) + (roomy ? 2 : 1) + 1;
  const shown = chooseRows(view, Math.max(1, options.rows - spent));
  const names = Math.max(8, Math.min(widestTitle(shown), width - (width < 60 ? TIMES.narrow : TIMES.wide) - 6));
  return [
    ...(heading === '' ? [] : roomy ? [heading, ''] : [heading]),
    ...shown.flatMap((step) => linesOf(step, options, { names, width, ended })),
    ...(ended ? [] : roomy ? ['', footer] : [footer]),
  ];
}

/** `create-cluster · o11y-dev · kind · resume` */
export function headingOf(view: RunView, { paint }: Pick<FrameOptions, 'paint'>, width: number): string {
  if (view.start === undefined) return '';
  const { plan, cluster, provider, mode } = view.start;
  const rest = [cluster, provider, mode === 'run' ? undefined : mode].filter((part) => part !== undefined);
  return joinSegments(
    [
      [cleanLine(plan), paint.strong],
      [cleanLine(` · ${rest.join(' · ')}`), paint.dim],
    ],
    width,
  );
}

function linesOf(
  step: StepView,
  options: FrameOptions,
  { names, width, ended }: { names: number; width: number; ended: boolean },
): string[] {
  const { paint, now } = options;
  const waited = step.state === 'waiting' && isDone(step.recorded);
  const spinner = SPINNER[(options.turn + step.index) % SPINNER.length] ?? '';
  const symbol = waited ? paint.dim('✓') : symbolOf(step.state, paint, spinner);
  const quiet = step.state === 'waiting' || step.state === 'blocked';
  const name = padTo(truncate(cleanLine(step.title), names), names);
  const line = `  ${symbol} ${joinSegments(
    [
      [`${name}  `, quiet ? paint.dim : (text) => text],
      [cleanLine(timesOf(step, options, ended)), step.state === 'failed' ? paint.failed : paint.dim],
    ],
    width - 4,
  )}`.trimEnd();
  const doing = step.state === 'running' || step.state === 'retrying' ? cleanLine(describeNow(step, now)) : '';
  if (doing === '') return [line];
  return [line, `      ${(step.state === 'retrying' ? paint.attention : paint.dim)(truncate(doing, width - 6))}`];
}

function timesOf(step: StepView, { now, estimate }: FrameOptions, ended: boolean): string {
  if (step.state === 'running' || step.state === 'retrying') return describeElapsed(step, now, estimate(step.id));
  if (step.state !== 'waiting') return describeEnd(step);
  if (isDone(step.recorded)) return 'done before';
  const usual = ended ? undefined : estimate(step.id);
  return usual === undefined ? '' : `~${formatElapsed(Math.max(1000, usual))}`;
}

/** `3 of 6 done · 1m23s · about 40s left` */
function footerOf(view: RunView, options: FrameOptions, width: number): string {
  const { paint, now } = options;
  const begun = view.start?.at ?? now;
  const parts = [`${view.doneCount} of ${view.steps.length} done`];
  if (view.failed.size > 0) parts.push(`${view.failed.size} failed`);
  if (view.start !== undefined) parts.push(formatElapsed(now - begun));
  const left = timeLeft(view, options);
  if (left !== undefined) parts.push(`about ${formatElapsed(left)} left`);
  return joinSegments([[`  ${parts.join(' · ')}`, paint.dim]], width);
}

/** Only told when every step that is still to come has an estimate: a guess that leaves some out is worse than none. */
function timeLeft({ steps }: RunView, { now, estimate }: FrameOptions): number | undefined {
  if (steps.length > 100) return undefined;
  let left = 0;
  for (const step of steps) {
    if (step.state !== 'waiting' && step.state !== 'running' && step.state !== 'retrying') continue;
    const usual = estimate(step.id);
    if (usual === undefined) return undefined;
    left += Math.max(0, usual - (step.startedAt === undefined ? 0 : now - step.startedAt));
  }
  return left >= 1000 ? left : undefined;
}

function widestTitle(steps: readonly StepView[]): number {
  return steps.reduce((widest, { title }) => Math.max(widest, widthOf(cleanLine(title))), 0);
}

/** Puts painted pieces side by side, cut at `width` columns. */
function joinSegments(segments: readonly Segment[], width: number): string {
  let left = width;
  let line = '';
  for (const [text, paint] of segments) {
    const part = truncate(text, left);
    left -= widthOf(part);
    line += paint(part);
  }
  return line;
}
