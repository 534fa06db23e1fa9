import type { Verdict } from '../spool/spool.ts';
import type { Answer } from './http.ts';
import { judgeAnswer } from './verdict.ts';

interface Accepted {
  partialSuccess?: Partial<Record<(typeof REJECTED)[number], string | number>> & { errorMessage?: string };
}

/** Named by the signal. */
const REJECTED = ['rejectedDataPoints', 'rejectedSpans', 'rejectedLogRecords'] as const;

/**
 * What an answer to an OTLP request means; a success may leave items out
 * (https://opentelemetry.io/docs/specs/otlp/#partial-success-1).
 *
 * @param now milliseconds since the epoch, for a date in Retry-After
 */
export function judgeOtlpAnswer(answer: Answer, now: number): Verdict {
  const verdict = judgeAnswer(answer, now);
  if (verdict.outcome !== 'accepted') return verdict;
  const { partialSuccess = {} } = parse(answer.body);
  const rejected = Math.max(0, ...REJECTED.map((name) => Number(partialSuccess[name] ?? 0)));
  if (!(rejected > 0)) return verdict;
  return { ...verdict, rejected, reason: partialSuccess.errorMessage ?? 'left out by the receiver' };
}

/** Some answer with nothing at all, or with something else. */
function parse(body: string): Accepted {
  try {
    return (JSON.parse(body) as Accepted | null) ?? {};
  } catch {
    return {};
  }
}
