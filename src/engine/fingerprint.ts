import { createHash } from 'node:crypto';
import type { Inputs } from './record.ts';

/**
 * Digest of a step's declared inputs, the same on every machine and in every order of keys.
 * Declared inputs only, never our own source: an upgrade of the installer must not strand a run.
 *
 * @returns 16 hexadecimal digits
 */
export function fingerprint(inputs: Inputs): string {
  const sorted = Object.keys(inputs)
    .sort()
    .map((key) => [key, inputs[key]]);
  return digestOf(JSON.stringify(sorted), 16);
}

/**
 * The beginning of a SHA-256, for what is recorded and compared.
 *
 * @param digits hexadecimal, as many as what was recorded before has
 */
export function digestOf(content: string | Buffer, digits: 12 | 16): string {
  return createHash('sha256').update(content).digest('hex').slice(0, digits);
}

/** One line per input that differs, for the user: `key: before -> now`. */
export function describeDifference(before: Inputs, now: Inputs): readonly string[] {
  const keys = [...new Set([...Object.keys(before), ...Object.keys(now)])].sort();
  return keys
    .filter((key) => before[key] !== now[key])
    .map((key) => `${key}: ${before[key] ?? '(none)'} -> ${now[key] ?? '(none)'}`);
}
