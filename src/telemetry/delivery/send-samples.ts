import { pushSamples, type Series } from '../remote-write.ts';
import type { Send, Verdict } from '../spool/spool.ts';
import { toSeries } from '../status/sample.ts';
import type { Target } from './find-backends.ts';
import { type Answer, type HttpClient, reasonOf } from './http.ts';
import { judgeOtlpAnswer } from './otlp-answer.ts';
import { toOtlpMetrics } from './otlp-metrics.ts';
import { CLOCK_TOLERANCE_MS } from './probe.ts';
import { type SendParts, sendApart } from './send-apart.ts';
import { judgeAnswer } from './verdict.ts';

export interface SenderOptions {
  /** Of one request. */
  timeoutMs: number;
  now: () => number;
  /** Samples of the future were met, and given up. */
  onFuture?: () => void;
}

type SendSeries = SendParts<Series>;

/** Sends the samples of records in one request; of a single record that is refused, every sample that can be taken. */
export function createSampleSender(target: Target, client: HttpClient, options: SenderOptions): Send {
  const send =
    target.protocol === 'otlp' ? sendByOtlp(target, client, options) : sendByRemoteWrite(target, client, options);
  return async (records, signal) => {
    const all = toSeries(records);
    const series = withoutFuture(all, options.now() + CLOCK_TOLERANCE_MS);
    const future = countSamples(all) - countSamples(series);
    if (future > 0) options.onFuture?.();
    let verdict: Verdict = series.length === 0 ? { outcome: 'accepted' } : await send(series, signal);
    if (verdict.outcome === 'refused' && records.length === 1) {
      verdict = await sendApart(splitSeries(series), send, () => 1, signal, verdict.reason);
    }
    if (verdict.outcome !== 'accepted' || future === 0) return verdict;
    const reason = verdict.reason ?? 'samples of a clock that was ahead';
    return { ...verdict, rejected: (verdict.rejected ?? 0) + future, reason };
  };
}

function sendByRemoteWrite({ endpoint }: Target, client: HttpClient, options: SenderOptions): SendSeries {
  return async (series, signal) => {
    let answer: Answer | undefined;
    try {
      await pushSamples(endpoint.url, series, {
        timeoutMs: options.timeoutMs,
        signal,
        exchange: async (url, request) => {
          answer = await client(url, request);
          return answer;
        },
      });
      return { outcome: 'accepted' };
    } catch (thrown) {
      if (answer === undefined) return { outcome: 'later', reason: reasonOf(thrown) };
      return judgeAnswer(answer, options.now());
    }
  };
}

function sendByOtlp({ endpoint }: Target, client: HttpClient, options: SenderOptions): SendSeries {
  return async (series, signal) => {
    try {
      const answer = await client(endpoint.url, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(toOtlpMetrics(series)),
        signal: AbortSignal.any([signal, AbortSignal.timeout(options.timeoutMs)]),
      });
      return judgeOtlpAnswer(answer, options.now());
    } catch (thrown) {
      return { outcome: 'later', reason: reasonOf(thrown) };
    }
  };
}

function withoutFuture(series: readonly Series[], latest: number): readonly Series[] {
  return series.flatMap(({ labels, samples }) => {
    const due = samples.filter(({ timestamp }) => timestamp <= latest);
    return due.length === 0 ? [] : [{ labels, samples: due }];
  });
}

function splitSeries(series: readonly Series[]): readonly Series[] {
  const parts = series.flatMap(({ labels, samples }) => samples.map((sample) => ({ labels, samples: [sample] })));
  return parts.sort((a, b) => (a.samples[0]?.timestamp ?? 0) - (b.samples[0]?.timestamp ?? 0));
}

function countSamples(series: readonly Series[]): number {
  return series.reduce((sum, { samples }) => sum + samples.length, 0);
}
