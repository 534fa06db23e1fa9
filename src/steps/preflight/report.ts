import type { Outputs } from '../../engine/record.ts';
import { InstallerError } from '../../errors/installer-error.ts';
import type { CheckResult, FindingLevel } from './check.ts';

const LEVELS: readonly FindingLevel[] = ['error', 'warning', 'ok'];

/** A finding as one line: `disk of Docker: 3.1 GB free, 10 GB needed; docker system prune`. */
export function lineOf({ check, finding }: CheckResult): string {
  const hint = finding.level === 'ok' || finding.hint === undefined ? '' : `; ${finding.hint}`;
  return `${check.title}: ${finding.message}${hint}`;
}

/** Numbers of findings by level, as the step's outputs. */
export function countLevels(results: readonly CheckResult[]): Outputs {
  return Object.fromEntries(
    LEVELS.map((level) => [level, results.filter(({ finding }) => finding.level === level).length]),
  );
}

/** One phrase: `14 checks passed, 1 warning`, or the titles of what failed, or of what is to be downloaded first. */
export function summaryOf(results: readonly CheckResult[]): string {
  const of = (level: FindingLevel) => results.filter(({ finding }) => finding.level === level);
  const warned = of('warning').length === 0 ? '' : `, ${count(of('warning').length, 'warning')}`;
  const errors = of('error');
  const titles = errors.map(({ check }) => check.title).join(', ');
  if (errors.length === 0) return `${count(of('ok').length, 'check')} passed${warned}`;
  const mendable = errors.every(({ finding }) => finding.remedy !== undefined);
  return `${mendable ? 'missing' : 'failed'}: ${titles}${warned}`;
}

function count(number: number, noun: string): string {
  return `${number} ${noun}${number === 1 ? '' : 's'}`;
}

/**
 * Every finding that is not ok in one error, errors first, each with what to do about it below it.
 *
 * @param effect what this run has changed so far, as the end of the message
 */
export function failureOf(results: readonly CheckResult[], effect: string): InstallerError {
  const errors = results.filter(({ finding }) => finding.level === 'error');
  const told = LEVELS.slice(0, 2).flatMap((level) => results.filter(({ finding }) => finding.level === level));
  // A remedy is offered only when nothing else is wrong: nobody should do by hand what is about to be done for them.
  const isHeldUp = errors.some(({ finding }) => finding.remedy === undefined);
  const lines = told.flatMap(({ check, finding }) => [
    `${finding.level.padEnd(7)}  ${check.title}: ${finding.message}`,
    ...(finding.hint === undefined ? [] : [`         ${finding.hint}`]),
    ...(isHeldUp && finding.remedy !== undefined
      ? [`         or mend the rest, and this is offered: ${finding.remedy.offer}`]
      : []),
  ]);
  return new InstallerError(
    'preflight_failed',
    `${errors.length} of ${results.length} preflight checks failed; ${effect}`,
    // No tail: the log holds what the lines say already.
    { lines, tail: [], hint: 'mend what is listed above and run the same command again' },
  );
}
