import type { Action } from '../engine/events.ts';
import type { Mode } from '../engine/record.ts';
import type { SurveyedStep } from '../engine/survey-plan.ts';
import { createPaint, type Paint } from './paint.ts';
import { cleanLine, padTo, truncate, widthOf, wrapWords } from './text.ts';

export interface PlanViewOptions {
  color: boolean;
  columns: number;
}

const WOULD: Readonly<Record<Action, string>> = {
  trust: 'trust',
  keep: 'keep',
  apply: 'do',
  repair: 'mend',
  rollback: 'take back',
  none: 'unclear',
};

/** The answer of `--dry-run`: each step in its order, what it needs, what a run would do with it now, and why. */
export function renderSurvey(rows: readonly SurveyedStep[], options: PlanViewOptions & { mode: Mode }): string {
  const { columns, mode } = options;
  const paint = createPaint(options.color);
  const digits = String(rows.length).length;
  const ids = widest(rows.map(({ id }) => id));
  const actions = widest(rows.map(({ action }) => WOULD[action]));
  const lines = rows.flatMap((row, index) => {
    const place = String(index + 1).padStart(digits);
    const room = columns - digits - ids - actions - 8;
    const needed = row.needs.filter((id) => !row.after.includes(id));
    const reasons = needed.length === 0 ? reasonOf(row) : [...reasonOf(row), `needs ${needed.join(', ')}`];
    const [why = '', ...more] = reasons.flatMap((part) => wrapWords(cleanLine(part), Math.max(20, room)));
    const indent = ' '.repeat(digits + ids + actions + 7);
    return [
      `  ${paint.dim(place)} ${padTo(row.id, ids)}  ${paintAction(row.action, padTo(WOULD[row.action], actions), paint)}  ${paint.dim(why)}`.trimEnd(),
      ...more.map((line) => paint.dim(`${indent}${line}`)),
    ];
  });
  const acting = rows.filter(({ action }) => action === 'apply' || action === 'repair').length;
  const unclear = rows.filter(({ action }) => action === 'none').length;
  const what = `${acting} of ${rows.length} steps would be done${unclear > 0 ? `, ${unclear} cannot be told` : ''}`;
  const word = mode === 'run' ? '' : `with --${mode} `;
  return [...lines, '', `${word}${what}; nothing was changed`].join('\n');
}

/** What `--repair` found: each unhealthy or missing step, what is wrong with it, and what mending it would destroy. */
export function renderRepairList(rows: readonly SurveyedStep[], options: PlanViewOptions): string {
  const paint = createPaint(options.color);
  const width = Math.max(20, options.columns - 1);
  const ill = rows.filter(({ action }) => action !== 'keep' && action !== 'trust');
  if (ill.length === 0) return `${paint.done('✓')} all ${rows.length} steps are healthy`;
  const lines = ill.flatMap((row) => {
    const color = row.seen?.state === 'unhealthy' ? paint.failed : paint.attention;
    const [told = '', ...details] = reasonOf(row);
    const [reason = '', ...more] = wrapWords(cleanLine(`${row.id}: ${told}`), width - 6);
    const below = (text: string): string => `      ${truncate(cleanLine(text), width - 6)}`;
    return [
      `  ${color(row.seen?.state === 'unhealthy' ? '✗' : '!')} ${paint.strong(reason.slice(0, row.id.length))}${reason.slice(row.id.length)}`,
      ...more.map(below),
      ...details.map(below),
      ...(row.seen?.details ?? []).map((detail) => paint.dim(below(detail))),
      ...(row.seen?.destroys ?? []).map((what) => paint.attention(below(`mending destroys ${what}`))),
    ];
  });
  const healthy = rows.length - ill.length;
  return [...lines, '', `${ill.length} to mend, ${healthy} healthy and left alone`].join('\n');
}

/** Why a step would be treated so, in short phrases. */
function reasonOf({ recorded, seen, action, changes, after }: SurveyedStep): string[] {
  const found = seen === undefined ? undefined : `${seen.state}${seen.reason === undefined ? '' : `: ${seen.reason}`}`;
  const reasons = [found ?? (action === 'trust' ? 'recorded as done' : `recorded as ${recorded}, cannot be looked at`)];
  if (found !== undefined && recorded !== 'pending') reasons[0] = `${found}; recorded as ${recorded}`;
  reasons.push(...changes);
  if (after.length > 0) reasons.push(`after ${after.join(', ')}`);
  return reasons;
}

function paintAction(action: Action, text: string, paint: Paint): string {
  if (action === 'keep' || action === 'trust') return paint.done(text);
  return action === 'none' ? paint.dim(text) : paint.attention(text);
}

function widest(texts: readonly string[]): number {
  return texts.reduce((width, text) => Math.max(width, widthOf(text)), 0);
}
