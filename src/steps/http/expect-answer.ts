import type { HttpAnswer } from './send-once.ts';

/** What an answer must be like. */
export interface Expected {
  /** Default: any 2xx. */
  status?: readonly number[];
  /** Regular expression that the body must match somewhere. */
  matches?: string;
  /** Values in a JSON body by dotted path (`data.0.name`). */
  json?: Readonly<Record<string, string | number | boolean | null>>;
}

/** @returns why an answer is not what was expected, in a few words; undefined when it is */
export function mismatchOf(answer: HttpAnswer, expected: Expected): string | undefined {
  const { status, matches, json } = expected;
  const good = status === undefined ? answer.status >= 200 && answer.status < 300 : status.includes(answer.status);
  if (!good) return describeAnswer(answer);
  if (matches !== undefined && !new RegExp(matches, 'm').test(answer.body)) {
    return `the body does not match /${matches}/: ${firstLine(answer.body)}`;
  }
  for (const [path, value] of Object.entries(json ?? {})) {
    const found = valueAt(answer.body, path);
    if (found !== value)
      return `${path} is ${found === undefined ? 'not there' : JSON.stringify(found)}, not ${JSON.stringify(value)}`;
  }
  return undefined;
}

/** An answer in a few words: `503: Ingester not ready`. */
export function describeAnswer({ status, body }: Pick<HttpAnswer, 'status' | 'body'>): string {
  const line = firstLine(body);
  return line === '' ? `answered ${status}` : `answered ${status}: ${line}`;
}

/**
 * A value of a JSON text.
 *
 * @param path keys and indices joined by dots; `.` is the whole text
 * @returns undefined when it is not there, or the text is no JSON
 */
export function valueAt(body: string, path: string): unknown {
  if (path === '.') return body.trim();
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return undefined;
  }
  for (const key of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) return undefined;
    value = (value as Record<string, unknown>)[key];
  }
  return value;
}

function firstLine(body: string): string {
  return body.trim().split('\n', 1)[0]?.slice(0, 120) ?? '';
}
