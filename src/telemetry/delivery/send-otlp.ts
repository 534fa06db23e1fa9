import type { Send, Verdict } from '../spool/spool.ts';
import type { Target } from './find-backends.ts';
import { type HttpClient, reasonOf } from './http.ts';
import { judgeOtlpAnswer } from './otlp-answer.ts';
import { putTogether, takeApart } from './otlp-parts.ts';
import { sendApart } from './send-apart.ts';
import type { SenderOptions } from './send-samples.ts';

/**
 * Sends the body of one OTLP request as it was spooled: requests cannot be put together. One that is refused is sent in
 * parts, so that a bad span or log record costs itself alone.
 */
export function createOtlpSender({ endpoint }: Target, client: HttpClient, options: SenderOptions): Send {
  const post = async (body: string | Uint8Array, contentType: string, signal: AbortSignal): Promise<Verdict> => {
    try {
      const answer = await client(endpoint.url, {
        method: 'POST',
        headers: { 'Content-Type': contentType },
        body,
        signal: AbortSignal.any([signal, AbortSignal.timeout(options.timeoutMs)]),
      });
      return judgeOtlpAnswer(answer, options.now());
    } catch (thrown) {
      return { outcome: 'later', reason: reasonOf(thrown) };
    }
  };
  return async ([record], signal) => {
    if (record === undefined) return { outcome: 'accepted' };
    const { body, contentType = 'application/x-protobuf' } = record;
    const verdict = await post(body, contentType, signal);
    if (verdict.outcome !== 'refused') return verdict;
    const parts = takeApart(body);
    if (parts === undefined) return verdict;
    return await sendApart(
      parts,
      (some, ended) => post(putTogether(some), contentType, ended),
      ({ count }) => count,
      signal,
      verdict.reason,
    );
  };
}
