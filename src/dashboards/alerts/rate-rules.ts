import { METRICS, type Metric } from '../../telemetry/names.ts';
import { countSteps, share, successRate } from '../promql.ts';
import type { AlertRule } from './rule.ts';

const WINDOW = '24h';
/** Fewer events say nothing about a rate. */
const LEAST = 10;

function shareOf(part: Metric, all: Metric, matchers = ''): string {
  return share({ metric: part, matchers }, { metric: all, matchers: '' }, { window: WINDOW, by: 'plan', least: LEAST });
}

const RESOLVES = 'good events of further runs that bring the rate back, or a day';

/** What a plan does in all clusters, over a day. */
export const RATE_RULES: readonly AlertRule[] = [
  {
    name: 'InstallSuccessRateLow',
    severity: 'P2',
    expr: successRate('', WINDOW, 'plan', LEAST),
    below: 0.9,
    summary: 'Fewer than 90 % of the runs of {{ $labels.plan }} succeed',
    condition: 'Of at least 10 runs that ended in 24 hours, cancelled ones left out, fewer than 90 % succeeded.',
    resolves: RESOLVES,
    labels: ['plan'],
  },
  {
    name: 'InstallNetworkTimeouts',
    severity: 'P3',
    expr: shareOf(METRICS.requestErrors, METRICS.requests, 'class="network_timeout"'),
    above: 0.05,
    summary: 'More than 5 % of the requests of {{ $labels.plan }} time out',
    condition: 'Of at least 10 requests in 24 hours, more than 5 % timed out.',
    resolves: RESOLVES,
    labels: ['plan'],
  },
  {
    name: 'InstallChecksumFailures',
    severity: 'P2',
    expr: shareOf(METRICS.checksumFailures, METRICS.checksumChecks),
    above: 0.01,
    summary: 'More than 1 % of what {{ $labels.plan }} downloads has a wrong checksum',
    condition: 'Of at least 10 compared checksums in 24 hours, more than 1 % did not match.',
    resolves: RESOLVES,
    labels: ['plan'],
  },
  {
    name: 'InstallBreakerRejections',
    severity: 'P3',
    expr: shareOf(METRICS.breakerRejections, METRICS.requests),
    above: 0.05,
    summary: 'Circuit breakers reject more than 5 % of the requests of {{ $labels.plan }}',
    condition: 'Of at least 10 requests in 24 hours, open breakers rejected more than 5 %.',
    resolves: RESOLVES,
    labels: ['plan'],
  },
  {
    name: 'InstallTargetExhausted',
    severity: 'P3',
    expr: `sum by (target) (${countSteps(METRICS.exhaustedRuns, '', WINDOW)})`,
    above: 2,
    summary: 'Target {{ $labels.target }} failed after its last retry in {{ $value }} runs',
    condition: 'In at least 3 runs within 24 hours, one target failed after its last retry.',
    resolves: 'further runs in which the target answers, once the failures are a day old',
    labels: ['target'],
  },
];
