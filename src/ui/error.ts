import type { InstallerError } from '../errors/installer-error.ts';
import { createPaint } from './paint.ts';
import { breakAt, cleanLine, wrapWords } from './text.ts';

/** A line of a child's output takes at most so many lines of the terminal; the log has all of it. */
const TAIL_HEIGHT = 3;
const INDENT = '  ';

/**
 * The one text of a failure: what failed and why, findings, the last lines of the output, where the log is, what to type.
 *
 * @param view.columns width of the terminal
 * @returns lines without a newline at the end
 */
export function formatError(error: InstallerError, view: { color: boolean; columns: number }): string {
  const paint = createPaint(view.color);
  const { step, command, childExit, tail = [], log, hint, lines = [] } = error.details;
  // Whoever has stopped it knows why, and is told where it stands.
  const stopped = error.code === 'interrupted' || error.code === 'terminated';
  const width = Math.max(20, view.columns - 1);
  const wrapped = (text: string, indent: string): string[] =>
    wrapWords(cleanLine(text), width - indent.length).map((line) => `${indent}${line}`);

  const told = step === undefined || error.message.startsWith(step) ? error.message : `${step}: ${error.message}`;
  const message = told.split('\n').flatMap((part) => wrapped(part, INDENT));
  const [first = '', ...rest] = message;
  const mark = stopped ? paint.attention('!') : paint.failed('✗');
  const text = [`${mark} ${paint.strong(first.trimStart())}`, ...rest];
  for (const line of lines) text.push(`${INDENT}${cleanLine(line)}`);
  if (command !== undefined) {
    const ended = childExit === undefined ? '' : ` (exit ${childExit})`;
    text.push('', paint.dim(`${INDENT}command${ended}`), `${INDENT}${INDENT}${cleanLine(command)}`);
  }
  const output = (stopped ? [] : tail)
    .map(cleanLine)
    .filter((line, index, all) => line !== '' || (index > 0 && index < all.length - 1));
  if (output.length > 0) {
    text.push('', paint.dim(`${INDENT}last lines of its output`));
    for (const line of output) {
      const pieces = breakAt(line, width - 4).slice(0, TAIL_HEIGHT);
      text.push(...pieces.map((piece) => `${INDENT}${paint.dim('│')} ${piece}`));
    }
  }
  if (log !== undefined) text.push('', `${INDENT}${paint.dim('log ')} ${cleanLine(log)}`);
  if (hint !== undefined) {
    if (log === undefined) text.push('');
    const [next = '', ...more] = hint
      .split('\n')
      .flatMap((part) => wrapped(part, INDENT.repeat(3)).map((line) => line.trimStart()));
    text.push(`${INDENT}${paint.attention('next')} ${next}`, ...more.map((line) => `       ${line}`));
  }
  return text.join('\n');
}
