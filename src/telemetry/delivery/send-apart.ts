import type { Verdict } from '../spool/spool.ts';

/** Sends parts in one request, once. */
export type SendParts<Part> = (parts: readonly Part[], signal: AbortSignal) => Promise<Verdict>;

/**
 * Halves what was refused as a whole until the bad parts are alone.
 *
 * @param parts as small as they get, in the order in which they are to arrive
 * @param countOf items in a part, of which the refused ones are counted
 * @param reason why the whole was refused
 * @returns accepted, with what was refused; `later` as soon as a half cannot be taken now
 */
export async function sendApart<Part>(
  parts: readonly Part[],
  send: SendParts<Part>,
  countOf: (part: Part) => number,
  signal: AbortSignal,
  reason: string,
): Promise<Verdict> {
  if (parts.length <= 1)
    return { outcome: 'accepted', rejected: parts.reduce((sum, one) => sum + countOf(one), 0), reason };
  const middle = Math.ceil(parts.length / 2);
  let rejected = 0;
  let why = reason;
  for (const half of [parts.slice(0, middle), parts.slice(middle)]) {
    let verdict = await send(half, signal);
    if (verdict.outcome === 'refused') verdict = await sendApart(half, send, countOf, signal, verdict.reason);
    if (verdict.outcome !== 'accepted') return verdict;
    rejected += verdict.rejected ?? 0;
    why = verdict.reason ?? why;
  }
  return { outcome: 'accepted', rejected, reason: why };
}
