/** HTTP-date in its three forms (RFC 9110, section 5.6.7); the last one, asctime's, has no zone and means UTC. */
const IMF_FIXDATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/;
const RFC850 = /^[A-Z][a-z]+, \d{2}-[A-Z][a-z]{2}-\d{2} \d{2}:\d{2}:\d{2} GMT$/;
const ASCTIME = /^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4}$/;

/**
 * When a server wants to be asked again: the header Retry-After, seconds or an HTTP-date (RFC 9110, section 10.2.3).
 *
 * @param header value of the header; the first where it came several times
 * @param now milliseconds since the epoch
 * @returns milliseconds from `now`, 0 for a date that has passed; undefined when there is no header or it says neither
 */
export function readRetryAfter(header: string | readonly string[] | null | undefined, now: number): number | undefined {
  const value = (typeof header === 'string' ? header : header?.[0])?.trim();
  if (value === undefined) return undefined;
  if (/^\d+$/.test(value)) return Math.min(Number(value) * 1000, Number.MAX_SAFE_INTEGER);
  const isDate = IMF_FIXDATE.test(value) || RFC850.test(value) || ASCTIME.test(value);
  const date = isDate ? Date.parse(ASCTIME.test(value) ? `${value} GMT` : value) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
