import type { Send } from '../spool/spool.ts';
import type { Target } from './find-backends.ts';
import { type HttpClient, reasonOf } from './http.ts';
import type { SenderOptions } from './send-samples.ts';
import { judgeAnswer } from './verdict.ts';

/** Sends the body of one OTLP request as it was spooled: requests cannot be put together. */
export function createOtlpSender({ endpoint }: Target, client: HttpClient, options: SenderOptions): Send {
  return async ([record], signal) => {
    if (record === undefined) return { outcome: 'accepted' };
    try {
      const answer = await client(endpoint.url, {
        method: 'POST',
        headers: { 'Content-Type': record.contentType ?? 'application/x-protobuf' },
        body: record.body,
        signal: AbortSignal.any([signal, AbortSignal.timeout(options.timeoutMs)]),
      });
      return judgeAnswer(answer, options.now());
    } catch (thrown) {
      return { outcome: 'later', reason: reasonOf(thrown) };
    }
  };
}
