import type { Send } from '../spool/spool.ts';
import { decodeSamples, type Sample } from '../status/sample.ts';
import { toTextFormat } from '../status/text-format.ts';
import type { Target } from './find-backends.ts';
import { type HttpClient, reasonOf } from './http.ts';
import type { SenderOptions } from './send-samples.ts';
import { judgeAnswer } from './verdict.ts';

const JOB = 'contextcore_install';

/** Every request says everything: the fewer of them, the better. */
export const PUSHGATEWAY_BATCH = { records: 10_000, bytes: 4 * 1024 * 1024 };

/**
 * Tells a Pushgateway (https://github.com/prometheus/pushgateway#api) how things stand now: it knows no times and keeps
 * one value of each series, so that all that waits is told by the present. One group for each plan on each cluster,
 * replaced as a whole: what is no more goes, and nothing of others is touched.
 *
 * @param options `current`: the samples to tell
 */
export function createPushgatewaySender(
  { endpoint }: Target,
  client: HttpClient,
  options: SenderOptions & { current: () => readonly Sample[] },
): Send {
  return async (records, signal) => {
    const [first] = records;
    if (first === undefined) return { outcome: 'accepted' };
    const { cluster, plan } = decodeSamples(first).labels;
    const group = `/metrics/job/${JOB}${groupingPart('cluster', cluster)}${groupingPart('plan', plan)}`;
    try {
      const answer = await client(endpoint.url + group, {
        method: 'PUT',
        headers: { 'Content-Type': 'text/plain; version=0.0.4' },
        body: toTextFormat(options.current()),
        signal: AbortSignal.any([signal, AbortSignal.timeout(options.timeoutMs)]),
      });
      const verdict = judgeAnswer(answer, options.now());
      if (verdict.outcome !== 'refused') return verdict;
      // In parts it would be told the same again.
      return {
        outcome: 'accepted',
        rejected: records.reduce((sum, { count }) => sum + count, 0),
        reason: verdict.reason,
      };
    } catch (thrown) {
      return { outcome: 'later', reason: reasonOf(thrown) };
    }
  };
}

/** A label of the group; a slash cannot stand in the path, even when it is encoded. */
function groupingPart(label: string, value: string): string {
  if (!value.includes('/')) return `/${label}/${encodeURIComponent(value)}`;
  return `/${label}@base64/${Buffer.from(value).toString('base64url')}`;
}
