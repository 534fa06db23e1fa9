import { BigValueColorMode } from '@grafana/grafana-foundation-sdk/common';
import { type Dashboard, RowBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import { METRICS } from '../../telemetry/names.ts';
import {
  elapsed,
  failedRuns,
  latest,
  openOnly,
  openRuns,
  runsIn,
  type Scope,
  STUCK_SECONDS,
  select,
  silence,
  successRate,
} from '../promql.ts';
import { createFrame, finish } from './frame.ts';
import { RUN_STATUS_MAP, thresholds } from './palette.ts';
import { bars, fixedColor, sortedBy, stat, table, timeline } from './panels.ts';
import { now, overTime, rows } from './targets.ts';

const matchers = 'cluster=~"$cluster",plan=~"$plan"';
const scope: Scope = { matchers, range: '$lookback' };
const successes = select(METRICS.runLastDuration, matchers, 'result="success"');
const NO_RUNS = 'no runs';
const durationColors = () => thresholds('good', [300, 'attention'], [600, 'bad']);
const rateColors = () => thresholds('bad', [0.9, 'attention'], [0.95, 'good']);

/** All clusters and plans beside each other. */
export function buildFleet(): Dashboard {
  const builder = createFrame({
    uid: 'contextcore-fleet',
    title: 'Fleet',
    description: 'The latest runs of all plans in all clusters.',
    from: 'now-7d',
    refresh: '1m',
    sources: ['prometheus'],
    many: true,
  });
  for (const panel of [...counts(), ...rates()]) builder.withPanel(panel);
  builder.withRow(new RowBuilder('Installations')).withPanel(installations());
  builder.withRow(new RowBuilder('Over time')).withPanel(results()).withPanel(states());
  return finish(builder);
}

/** How many of the runs that are not closed: 0 where there are runs, but none like that. */
const count = (runs: string) => now(`count(${runs}) or 0 * count(${openRuns(scope)})`);

function counts() {
  return [
    stat(
      { title: 'Installations', description: 'Runs that were not deleted or reset.', empty: NO_RUNS },
      now(`count(${openRuns(scope)})`),
      'none',
    ).span(3),
    stat(
      { title: 'In Progress', description: 'Runs that run now.', empty: NO_RUNS },
      count(runsIn(scope, 'running')),
      'none',
    )
      .span(3)
      .thresholds(thresholds('nothing', [1, 'running'])),
    stat(
      { title: 'Failed', description: 'Latest runs that failed or ran into a time limit.', empty: NO_RUNS },
      count(failedRuns(scope)),
      'none',
    )
      .span(3)
      .colorMode(BigValueColorMode.Background)
      .thresholds(thresholds('good', [1, 'bad'])),
    stat(
      { title: 'Stuck', description: 'Runs in progress without a sign of life for 5 minutes.', empty: NO_RUNS },
      count(`${silence(scope)} > ${STUCK_SECONDS}`),
      'none',
    )
      .span(3)
      .colorMode(BigValueColorMode.Background)
      .thresholds(thresholds('good', [1, 'bad'])),
  ];
}

function rates() {
  return [
    stat(
      {
        title: 'Success Rate',
        description: 'Of the runs that ended within the look back, cancelled ones left out. Target: 95 %, alert: 90 %.',
        empty: 'no run ended',
      },
      now(rate('')),
      'percentunit',
    )
      .decimals(1)
      .thresholds(rateColors()),
    stat(
      {
        title: 'Mean Time',
        description: 'Of the successful runs that changed something. Target: 5 minutes, alert: 10 minutes.',
        empty: 'no run ended',
      },
      now(`sum(sum_over_time(${successes}[$lookback])) / sum(count_over_time(${successes}[$lookback]))`),
      'dtdurations',
    ).thresholds(durationColors()),
    stat(
      {
        title: 'p95 Time, Slowest',
        description: 'Of each installation the time that 95 % of its successful runs stay below; here the longest.',
        empty: 'no run ended',
      },
      now(`max(quantile_over_time(0.95, ${successes}[$lookback]))`),
      'dtdurations',
    ).thresholds(durationColors()),
  ];
}

function rate(by: string): string {
  return successRate(matchers, '$lookback', by, 1);
}

function installations() {
  const info = select(METRICS.planInfo, matchers);
  const newest = `topk by (cluster, plan) (1, max by (cluster, plan, version) (last_over_time(${info}[$lookback])))`;
  const panel = table(
    {
      title: 'Installations',
      description: 'A row per cluster and plan; a click on the cluster opens its latest run.',
      empty: 'No runs within the look back',
    },
    [
      rows(openRuns(scope), 'A'),
      rows(openOnly(`${latest(METRICS.runStarted, scope)} * 1000`, scope), 'B'),
      rows(elapsed(scope), 'C'),
      rows(openOnly(`${latest(METRICS.lastSuccess, scope)} * 1000`, scope), 'D'),
      rows(openOnly(rate('cluster, plan'), scope), 'E'),
      rows(openOnly(`avg by (cluster, plan) (avg_over_time(${successes}[$lookback]))`, scope), 'F'),
      rows(openOnly(`max by (cluster, plan) (quantile_over_time(0.95, ${successes}[$lookback]))`, scope), 'G'),
      rows(openOnly(newest, scope), 'H'),
    ],
    [
      { field: 'cluster', title: 'Cluster' },
      { field: 'plan', title: 'Plan' },
      { field: 'Value #A', title: 'State', map: RUN_STATUS_MAP },
      { field: 'Value #B', title: 'Started', unit: 'dateTimeFromNow' },
      { field: 'Value #C', title: 'Duration', unit: 'dtdurations', colors: durationColors() },
      { field: 'Value #D', title: 'Last success', unit: 'dateTimeFromNow' },
      { field: 'Value #E', title: 'Success rate', unit: 'percentunit', colors: rateColors() },
      { field: 'Value #F', title: 'Mean time', unit: 'dtdurations' },
      { field: 'Value #G', title: 'p95 time', unit: 'dtdurations' },
      { field: 'version', title: 'Version' },
    ],
  );
  // Grafana fills these in, not this template.
  const url = `/d/contextcore-installation?var-cluster=\${__data.fields.Cluster}&var-plan=\${__data.fields.Plan}`;
  panel.overrideByName('Cluster', [{ id: 'links', value: [{ title: 'Open its latest run', url }] }]);
  return sortedBy(panel, 'Started', true).height(10);
}

function results() {
  // One sample per run: counting them is exact, also when a run ends at the edge of an interval.
  const ended = `sum by (result) (count_over_time(${select(METRICS.runLastDuration, matchers)}[$__interval]))`;
  return bars(
    {
      title: 'Ended Runs',
      description: 'Runs that changed something, by how they ended.',
      empty: 'No run ended in this time range',
    },
    overTime(ended, '{{result}}'),
  )
    .interval('1h')
    .overrideByName('success', fixedColor('good'))
    .overrideByName('cancellation', fixedColor('attention'))
    .overrideByRegexp('failure|timeout|error', fixedColor('bad'));
}

function states() {
  return timeline(
    {
      title: 'States',
      description: 'The state of each installation over time.',
      empty: 'No runs within the look back',
    },
    overTime(openRuns(scope), '{{cluster}} {{plan}}'),
    RUN_STATUS_MAP,
  ).span(12);
}
