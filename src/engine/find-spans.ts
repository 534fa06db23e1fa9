/** Stands for a secret, whatever its length. */
export const MASK = '***';

export type Span = [start: number, end: number];

/**
 * Start and end of every occurrence of every form, overlapping and adjoining ones joined, in order.
 *
 * @param options.lastStart occurrences that start behind it are left out
 * @param options.cutFrom length from which the beginning of a form at the very end counts as an occurrence, too
 */
export function findSpans(
  text: string,
  forms: readonly string[],
  { lastStart = Number.POSITIVE_INFINITY, cutFrom }: { lastStart?: number; cutFrom?: number } = {},
): Span[] {
  const spans: Span[] = [];
  for (const form of forms) {
    for (let at = text.indexOf(form); at >= 0 && at <= lastStart; at = text.indexOf(form, at + 1)) {
      spans.push([at, at + form.length]);
    }
  }
  if (cutFrom !== undefined) {
    const cut = Math.max(...forms.map((form) => lengthOfCut(text, form)), 0);
    if (cut >= cutFrom) spans.push([text.length - cut, text.length]);
  }
  spans.sort((a, b) => a[0] - b[0]);
  const joined: Span[] = [];
  for (const [start, end] of spans) {
    const last = joined.at(-1);
    if (last !== undefined && start <= last[1]) last[1] = Math.max(last[1], end);
    else joined.push([start, end]);
  }
  return joined;
}

/** How much of the beginning of a form stands at the end of a text. */
function lengthOfCut(text: string, form: string): number {
  for (let length = Math.min(form.length - 1, text.length); length > 0; length -= 1) {
    if (text.endsWith(form.slice(0, length))) return length;
  }
  return 0;
}

/** @returns the text with every span of the forms replaced by the mask */
export function coverSpans(text: string, forms: readonly string[]): string {
  let out = '';
  let from = 0;
  for (const [start, end] of findSpans(text, forms)) {
    out += text.slice(from, start) + MASK;
    from = end;
  }
  return out + text.slice(from);
}
