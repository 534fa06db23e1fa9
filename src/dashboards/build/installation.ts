import { BigValueColorMode, BigValueTextMode } from '@grafana/grafana-foundation-sdk/common';
import { type Dashboard, RowBuilder } from '@grafana/grafana-foundation-sdk/dashboard';
import { PanelBuilder as TablePanel } from '@grafana/grafana-foundation-sdk/table';
import { ATTRIBUTES, METRICS, type Metric, SERVICE_NAME } from '../../telemetry/names.ts';
import {
  currentSteps,
  elapsed,
  failedRuns,
  latest,
  openOnly,
  openRuns,
  progress,
  type Scope,
  STUCK_SECONDS,
  select,
  silence,
  stepFailed,
  stepStatus,
  timeLeft,
  whereRun,
} from '../promql.ts';
import { createFrame, finish, markAt } from './frame.ts';
import { RUN_STATUS_MAP, STEP_STATUS_MAP, thresholds } from './palette.ts';
import { logs, sortedBy, stat, table, timeline } from './panels.ts';
import { logLines, now, overTime, rows, SOURCES, spans } from './targets.ts';

const scope: Scope = { matchers: 'cluster="$cluster",plan="$plan"', range: '$lookback' };
const NO_RUN = 'no run';

/** One run of one cluster and plan: what state it is in, what it does, how long it takes, what went wrong. */
export function buildInstallation(): Dashboard {
  const builder = createFrame({
    uid: 'contextcore-installation',
    title: 'Installation',
    description: 'The latest run of one plan in one cluster, from its first second.',
    from: 'now-1h',
    refresh: '10s',
    sources: ['prometheus', 'loki', 'tempo'],
    many: false,
  });
  builder
    .annotation(markAt('Run started', millis(METRICS.runStarted), 'running'))
    .annotation(markAt('Run ended', millis(METRICS.runCompleted), 'good'))
    .annotation(markAt('Run failed', whereRun(millis(METRICS.runCompleted), failedRuns(scope)), 'bad'));
  for (const panel of summary()) builder.withPanel(panel);
  builder.withRow(new RowBuilder('Steps')).withPanel(stepProgress()).withPanel(stepTable());
  builder.withRow(new RowBuilder('What it says')).withPanel(runLog()).withPanel(errorLog());
  builder.withRow(new RowBuilder('Where the time goes')).withPanel(slowSpans());
  return finish(builder);
}

const millis = (metric: Metric) => openOnly(`${latest(metric, scope)} * 1000`, scope);

function summary() {
  return [
    stat(
      {
        title: 'Run',
        description: 'State of the latest run. A run that was deleted or reset is not shown any more.',
        empty: NO_RUN,
      },
      now(openRuns(scope)),
      'none',
      RUN_STATUS_MAP,
    ).colorMode(BigValueColorMode.Background),
    stat(
      { title: 'Progress', description: 'Share of the steps that are completed or skipped.', empty: NO_RUN },
      now(progress(scope)),
      'percentunit',
    )
      .span(3)
      .decimals(0)
      .thresholds(thresholds('running', [1, 'good'])),
    stat(
      {
        title: 'Current Step',
        description: 'Steps in progress; what a step waits for stands in the log below.',
        empty: 'none',
      },
      now(currentSteps(scope), '{{step}}'),
      'none',
    )
      .textMode(BigValueTextMode.Name)
      .thresholds(thresholds('running')),
    stat(
      {
        title: 'Installation Duration',
        description: 'From the start of the latest run to its end, or to now while it runs. Target: 5 minutes.',
        empty: NO_RUN,
      },
      now(elapsed(scope)),
      'dtdurations',
    ).thresholds(thresholds('good', [300, 'attention'], [600, 'bad'])),
    stat(
      {
        title: 'Time Left',
        description: 'The mean time of the successful runs within the look back, less what has passed.',
        empty: 'no estimate',
      },
      now(timeLeft(scope)),
      'dtdurations',
    )
      .span(3)
      .thresholds(thresholds('running')),
    stat(
      { title: 'Failure Count', description: 'Steps that are failed now.', empty: NO_RUN },
      now(`sum(${stepFailed(scope)})`),
      'none',
    )
      .span(3)
      .thresholds(thresholds('good', [1, 'bad'])),
    stat(
      {
        title: 'Sign of Life',
        description: 'Age of the heartbeat of a run in progress; after 5 minutes it counts as stuck.',
        empty: 'not running',
      },
      now(silence(scope)),
      's',
    )
      .span(3)
      .decimals(0)
      .thresholds(thresholds('good', [120, 'attention'], [STUCK_SECONDS, 'bad'])),
  ];
}

function stepProgress() {
  return timeline(
    {
      title: 'Step Progress',
      description: 'Each step over time, from the first sample of the run on: also from before the backend was there.',
      empty: 'No run of this plan within the look back',
    },
    overTime(openOnly(stepStatus(scope), scope), '{{step}}'),
    STEP_STATUS_MAP,
  );
}

function stepTable() {
  const durations = select(METRICS.stepLastDuration, scope.matchers);
  const overRuns = (how: string) => `max by (step) (${how}(${durations}[$lookback]))`;
  const state = openOnly(stepStatus(scope), scope);
  const panel = table(
    {
      title: 'Steps',
      description: 'The latest execution of each step beside the earlier ones within the look back.',
      empty: 'No run of this plan within the look back',
    },
    [
      rows(`max by (step) (${state})`, 'A'),
      rows(`${latest(METRICS.stepStarted, scope, ['step'])} * 1000`, 'B'),
      rows(latest(METRICS.stepAttempts, scope, ['step']), 'C'),
      rows(overRuns('last_over_time'), 'D'),
      rows(overRuns('avg_over_time'), 'E'),
      rows(overRuns('max_over_time'), 'F'),
    ],
    [
      { field: 'step', title: 'Step' },
      { field: 'Value #A', title: 'State', map: STEP_STATUS_MAP },
      // Grafana's time units take milliseconds.
      { field: 'Value #B', title: 'Started', unit: 'dateTimeAsIso' },
      { field: 'Value #C', title: 'Attempts', unit: 'none', colors: thresholds('nothing', [2, 'attention']) },
      { field: 'Value #D', title: 'Took', unit: 's' },
      { field: 'Value #E', title: 'Mean', unit: 's' },
      { field: 'Value #F', title: 'Slowest', unit: 's' },
    ],
  );
  return sortedBy(panel, 'Started', false);
}

const LOG = `{service_name="${SERVICE_NAME}"} | ${stored(ATTRIBUTES.cluster)}="$cluster" | ${stored(ATTRIBUTES.pipelineName)}="$plan"`;

/** Loki keeps attributes of OTLP beside the line, with underscores for dots. */
function stored(attribute: string): string {
  return attribute.replaceAll('.', '_');
}

function runLog() {
  return logs(
    {
      title: 'What It Does',
      description:
        'The lines of the run, newest first: what a step does and waits for. Empty without Loki, or before it is there.',
    },
    logLines(LOG),
  );
}

function errorLog() {
  return logs(
    {
      title: 'Errors',
      description: 'Lines of severity error and above. Empty is good; open a line for the link to its trace.',
    },
    // 17 is the first number of severity ERROR in OpenTelemetry's data model of logs.
    logLines(`${LOG} | severity_number>=17`),
  );
}

function slowSpans() {
  const root = `resource.service.name = "${SERVICE_NAME}" && resource.${ATTRIBUTES.cluster} = "$cluster" && span.${ATTRIBUTES.pipelineName} = "$plan"`;
  return new TablePanel()
    .title('Slow Spans')
    .description('Steps, attempts, programs and requests of more than a second; a click opens the trace.')
    .noValue('No spans of more than a second in this time range, or no Tempo')
    .datasource(SOURCES.tempo)
    .withTarget(spans(`{ ${root} && kind = server } >> { duration > 1s }`, 50))
    .unit('none')
    .height(9)
    .span(24);
}
