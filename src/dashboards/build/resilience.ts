import { type Dashboard, RowBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import { METRICS, type Metric } from '../../telemetry/names.ts';
import { countSteps, latest, type Scope, select, share } from '../promql.ts';
import { createFrame, finish } from './frame.ts';
import { BREAKER_STATE_MAP, thresholds } from './palette.ts';
import { bars, lines, sortedBy, stat, table, timeline } from './panels.ts';
import { now, overTime, rows } from './targets.ts';

const matchers = 'cluster=~"$cluster",plan=~"$plan"';
const scope: Scope = { matchers, range: '$lookback' };
const NO_REQUESTS = 'no requests';

/** What went wrong on the way and was survived: retries, breakers, mirrors, checksums; and the telemetry itself. */
export function buildResilience(): Dashboard {
  const builder = createFrame({
    uid: 'contextcore-resilience',
    title: 'Resilience',
    description: 'Retries, circuit breakers, fallbacks and checksums of all installations, and what telemetry waits.',
    from: 'now-7d',
    refresh: '1m',
    sources: ['prometheus'],
    many: true,
  });
  for (const panel of [...shares(), ...counts()]) builder.withPanel(panel);
  builder.withRow(new RowBuilder('Targets')).withPanel(targets());
  builder.withPanel(retriesOverTime()).withPanel(errorsOverTime());
  builder.withRow(new RowBuilder('Circuit breakers and fallbacks')).withPanel(breakers()).withPanel(fallbacks());
  builder.withRow(new RowBuilder('Disk and telemetry')).withPanel(disk()).withPanel(spool()).withPanel(lostSamples());
  return finish(builder);
}

const increaseOf = (metric: Metric, by: string, window = '$lookback') =>
  `round(sum by (${by}) (increase(${select(metric, matchers)}[${window}])))`;

function shareOf(part: Metric, all: Metric, more = '') {
  const narrowed = more === '' ? matchers : `${matchers},${more}`;
  return now(
    share({ metric: part, matchers: narrowed }, { metric: all, matchers }, { window: '$lookback', by: '', least: 1 }),
  );
}

function shares() {
  return [
    stat(
      {
        title: 'Network Timeouts',
        description: 'Share of the requests that timed out. Target: 2 %, alert: 5 %.',
        empty: NO_REQUESTS,
      },
      shareOf(METRICS.requestErrors, METRICS.requests, 'class="network_timeout"'),
      'percentunit',
    )
      .decimals(2)
      .thresholds(thresholds('good', [0.02, 'attention'], [0.05, 'bad'])),
    stat(
      {
        title: 'Checksum Failures',
        description: 'Share of the compared checksums that did not match. Target: 0.1 %, alert: 1 %.',
        empty: 'no checksums',
      },
      shareOf(METRICS.checksumFailures, METRICS.checksumChecks),
      'percentunit',
    )
      .decimals(2)
      .thresholds(thresholds('good', [0.001, 'attention'], [0.01, 'bad'])),
    stat(
      {
        title: 'Breaker Rejections',
        description: 'Share of the requests that an open breaker rejected. Target: 1 %, alert: 5 %.',
        empty: NO_REQUESTS,
      },
      shareOf(METRICS.breakerRejections, METRICS.requests),
      'percentunit',
    )
      .decimals(2)
      .thresholds(thresholds('good', [0.01, 'attention'], [0.05, 'bad'])),
  ];
}

function counts() {
  return [
    stat(
      { title: 'Retries', description: 'Further attempts within the look back.', empty: NO_REQUESTS },
      now(increaseOf(METRICS.retries, '')),
      'short',
    ),
    stat(
      {
        title: 'Retries Exhausted',
        description: 'Operations that failed after their last attempt, within the look back.',
        empty: NO_REQUESTS,
      },
      now(increaseOf(METRICS.retriesExhausted, '')),
      'short',
    ).thresholds(thresholds('good', [1, 'bad'])),
    stat(
      { title: 'Open Breakers', description: 'Targets that are not asked now.', empty: 'no breakers' },
      now(`sum(${latest(METRICS.breakerState, scope)} == bool 2)`),
      'none',
    ).thresholds(thresholds('good', [1, 'bad'])),
  ];
}

function targets() {
  const panel = table(
    {
      title: 'Targets',
      description: 'Within the look back. Exhausted: runs in which the target failed after its last attempt.',
      empty: 'No requests within the look back',
    },
    [
      rows(increaseOf(METRICS.requests, 'target'), 'A'),
      rows(increaseOf(METRICS.requestErrors, 'target'), 'B'),
      rows(increaseOf(METRICS.retries, 'target'), 'C'),
      rows(`sum by (target) (${countSteps(METRICS.exhaustedRuns, matchers, '$lookback')})`, 'D'),
      rows(increaseOf(METRICS.fallbacks, 'target'), 'E'),
      rows(increaseOf(METRICS.checksumFailures, 'target'), 'F'),
      rows(`max by (target) (${latest(METRICS.breakerState, scope)})`, 'G'),
    ],
    [
      { field: 'target', title: 'Target' },
      { field: 'Value #A', title: 'Requests', unit: 'short' },
      { field: 'Value #B', title: 'Failed', unit: 'short', colors: thresholds('nothing', [1, 'attention']) },
      { field: 'Value #C', title: 'Retries', unit: 'short' },
      { field: 'Value #D', title: 'Exhausted', unit: 'short', colors: thresholds('nothing', [1, 'bad']) },
      { field: 'Value #E', title: 'Fallbacks', unit: 'short' },
      { field: 'Value #F', title: 'Bad checksums', unit: 'short', colors: thresholds('nothing', [1, 'bad']) },
      { field: 'Value #G', title: 'Breaker', map: BREAKER_STATE_MAP },
    ],
  );
  return sortedBy(panel, 'Failed', true);
}

function retriesOverTime() {
  return bars(
    { title: 'Retries by Target', description: 'Further attempts per hour.', empty: 'No retries in this time range' },
    overTime(increaseOf(METRICS.retries, 'target', '$__interval'), '{{target}}'),
  ).interval('1h');
}

function errorsOverTime() {
  return bars(
    {
      title: 'Failed Requests by Class',
      description: 'By the class of the error, per hour.',
      empty: 'No failed requests in this time range',
    },
    overTime(increaseOf(METRICS.requestErrors, 'class', '$__interval'), '{{class}}'),
  ).interval('1h');
}

function breakers() {
  return timeline(
    {
      title: 'Circuit Breakers',
      description: 'An open breaker rejects at once; half open lets one request through to see.',
      empty: 'No breakers within the look back',
    },
    overTime(`max by (target) (${latest(METRICS.breakerState, scope)})`, '{{target}}'),
    BREAKER_STATE_MAP,
  ).span(12);
}

function fallbacks() {
  return bars(
    {
      title: 'Fallbacks by Target',
      description: 'Mirrors and substitutes used in place of a target, per hour.',
      empty: 'No fallbacks in this time range',
    },
    overTime(increaseOf(METRICS.fallbacks, 'target', '$__interval'), '{{target}}'),
  ).interval('1h');
}

function disk() {
  const used = `1 - ${latest(METRICS.diskFree, scope)} / ${latest(METRICS.diskSize, scope)}`;
  return lines(
    { title: 'Disk Used', description: 'As the latest runs saw it. Alert: 80 %.', empty: 'No runs in this time range' },
    overTime(used, '{{cluster}} {{volume}}'),
    'percentunit',
  )
    .span(8)
    .max(1);
}

function spool() {
  return lines(
    {
      title: 'Telemetry Waiting',
      description: 'Bytes in the spool after a delivery was tried: 0 once everything has arrived.',
      empty: 'No runs in this time range',
    },
    overTime(latest(METRICS.spoolBytes, scope), '{{cluster}} {{plan}}'),
    'bytes',
  ).span(8);
}

function lostSamples() {
  const lost = [METRICS.samplesRejected, METRICS.samplesExpired].map((metric) =>
    increaseOf(metric, 'cluster, plan', '$__interval'),
  );
  return bars(
    {
      title: 'Samples Lost',
      description: 'Refused by the receiver for good, or too old when they were delivered.',
      empty: 'None in this time range',
    },
    overTime(lost.join(' + '), '{{cluster}} {{plan}}'),
  )
    .span(8)
    .interval('1h');
}
