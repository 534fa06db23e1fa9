import { readRetryAfter } from '../../resilience/retry-after.ts';
import type { Verdict } from '../spool/spool.ts';
import type { Answer } from './http.ts';

/** What only a mistake in the data, not in the address, the credentials or the server, is answered with. */
const REFUSALS = new Set([400, 409, 413, 415, 422]);
const LONGEST_WAIT_MS = 3_600_000;

/**
 * What an answer means for what was sent: 5xx, 429 and trouble on the way may pass
 * (https://prometheus.io/docs/specs/prw/remote_write_spec/#retries-backoff), and so may a wrong address or password,
 * which somebody will mend; all else is the data's fault.
 *
 * @param now milliseconds since the epoch, for a date in Retry-After
 */
export function judgeAnswer({ status, headers, body }: Answer, now: number): Verdict {
  if (status >= 200 && status < 300) return { outcome: 'accepted' };
  const said = body.trim().split('\n')[0]?.slice(0, 300) ?? '';
  const reason = `${status} ${said}`.trim();
  if (REFUSALS.has(status)) return { outcome: 'refused', reason };
  const afterMs = readRetryAfter(headers['retry-after'], now);
  return {
    outcome: 'later',
    reason,
    ...(afterMs === undefined ? {} : { afterMs: Math.min(afterMs, LONGEST_WAIT_MS) }),
  };
}
