import type { Target } from './find-backends.ts';
import { type HttpClient, reasonOf } from './http.ts';

/** Samples of a clock that is ahead would keep a receiver from taking right ones; it tells seconds, so that little is no fault. */
export const CLOCK_TOLERANCE_MS = 60_000;

export type Readiness = { ready: true } | { ready: false; reason: string; clockAheadMs?: number };

/** Whether a target is there, and whether our clock may be trusted with it. Never throws. */
export async function probeTarget(
  { endpoint, readyUrl }: Target,
  client: HttpClient,
  { signal, now }: { signal: AbortSignal; now: () => number },
): Promise<Readiness> {
  try {
    const answer = await client(readyUrl ?? endpoint.url, { method: 'GET', signal });
    if (readyUrl !== undefined && (answer.status < 200 || answer.status >= 300)) {
      return { ready: false, reason: `${readyUrl} is not ready: ${answer.status}` };
    }
    return judgeClock(answer.headers.date, now(), endpoint.url);
  } catch (thrown) {
    return { ready: false, reason: `${endpoint.url} does not answer: ${reasonOf(thrown)}` };
  }
}

function judgeClock(date: string | undefined, now: number, url: string): Readiness {
  const aheadMs = now - Date.parse(date ?? '');
  // Without a date nothing can be told.
  if (Number.isNaN(aheadMs) || aheadMs <= CLOCK_TOLERANCE_MS) return { ready: true };
  const reason = `the clock of this machine is ${Math.round(aheadMs / 1000)} s ahead of ${new URL(url).host}: nothing is sent`;
  return { ready: false, reason, clockAheadMs: aheadMs };
}
