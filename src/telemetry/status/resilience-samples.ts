import type { ResilienceEvent } from '../../resilience/events.ts';
import { targetLabel } from '../../resilience/target.ts';
import { BREAKER_STATE_VALUES, METRICS, type Metric } from '../names.ts';
import type { OwnLabels } from './sample.ts';
import type { Draft } from './status-samples.ts';

/**
 * The samples of what happened between a run and the services it depends on.
 *
 * @param exhausted labels of targets that have exhausted their retries in this run; added to in place
 */
export function resilienceSamples(event: ResilienceEvent, exhausted: Set<string>): readonly Draft[] {
  const { at } = event;
  const target = targetLabel(event.target);
  const count = (metric: Metric, add = 1, more: OwnLabels = {}): Draft => ({
    metric,
    at,
    add,
    labels: { target, ...more },
  });
  switch (event.type) {
    case 'target_tried': {
      const { class: errorClass, retryInMs } = event;
      if (errorClass === undefined) return [count(METRICS.requests)];
      const labels = { class: errorClass };
      const failed = [count(METRICS.requests), count(METRICS.requestErrors, 1, labels)];
      if (retryInMs !== undefined) return [...failed, count(METRICS.retries, 1, labels)];
      const first = !exhausted.has(target);
      exhausted.add(target);
      return [...failed, count(METRICS.retriesExhausted, 1, labels), ...(first ? [count(METRICS.exhaustedRuns)] : [])];
    }
    case 'target_rejected':
      return [count(METRICS.requests), count(METRICS.breakerRejections)];
    case 'breaker_changed':
      return [{ metric: METRICS.breakerState, at, labels: { target }, value: BREAKER_STATE_VALUES[event.state] }];
    case 'fallback_taken':
      return [count(METRICS.fallbacks)];
    case 'checksum_compared':
      return [count(METRICS.checksumChecks), count(METRICS.checksumFailures, event.ok ? 0 : 1)];
  }
}
