import { InstallerError } from '../errors/installer-error.ts';

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const PART = /(\d+(?:\.\d+)?)(ms|s|m|h|d)/y;
/** Longer than any run, and still exact in milliseconds. */
const LONGEST = 365 * 86_400_000;

/**
 * Reads a duration such as `90s`, `5m`, `1h30m`, `1.5h` or `250ms`.
 *
 * @param where what it was given for, as the user wrote it: a flag (`--timeout`) or a place in a file
 * @returns milliseconds, more than 0
 * @throws InstallerError `usage` naming `where`
 */
export function parseDuration(text: string, where: string): number {
  let total = 0;
  let position = 0;
  const written = text.trim();
  while (position < written.length) {
    PART.lastIndex = position;
    const [part = '', number = '', unit = ''] = PART.exec(written) ?? [];
    if (part === '') throw bad(text, where, 'not a duration');
    total += Number(number) * (UNITS[unit] ?? 0);
    position += part.length;
  }
  const ms = Math.round(total);
  if (ms < 1) throw bad(text, where, written === '' ? 'not a duration' : 'must be more than 0');
  if (ms > LONGEST) throw bad(text, where, 'is longer than a year');
  return ms;
}

function bad(text: string, where: string, why: string): InstallerError {
  return new InstallerError('usage', `${where} ${text}: ${why}`, {
    hint: 'write a number with its unit (ms, s, m, h, d), such as 90s, 5m or 1h30m',
  });
}
