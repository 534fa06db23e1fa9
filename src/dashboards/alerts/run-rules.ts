import { METRICS, RUN_STATUS_VALUES } from '../../telemetry/names.ts';
import {
  elapsed,
  failedRuns,
  latest,
  openOnly,
  runStatus,
  runsIn,
  type Scope,
  STUCK_SECONDS,
  silence,
  stepFailed,
  whereRun,
} from '../promql.ts';
import type { AlertRule } from './rule.ts';

/** A failure that nobody mended is told about for a week. */
const WEEK: Scope = { matchers: '', range: '7d' };
const DAY: Scope = { matchers: '', range: '1d' };
const SLOW_SECONDS = 600;
const RUN = ['cluster', 'plan'];
const CLOSED = '`--delete` or `--reset`';

const lively = `${silence(WEEK)} <= ${STUCK_SECONDS}`;
const endedLately = `time() - ${latest(METRICS.runCompleted, WEEK)} < 3600`;

/** What one installation is in. */
export const RUN_RULES: readonly AlertRule[] = [
  {
    name: 'InstallStepFailed',
    severity: 'P1',
    // Kept while a further run is under way, so that it does not flap.
    expr: whereRun(stepFailed(WEEK), `(${runStatus(WEEK)} != ${RUN_STATUS_VALUES.success})`),
    above: 0,
    summary: 'Step {{ $labels.step }} of {{ $labels.plan }} failed in cluster {{ $labels.cluster }}',
    condition: 'A step is failed and the latest run has not succeeded.',
    resolves: `a run that succeeds, ${CLOSED}`,
    labels: [...RUN, 'step'],
  },
  {
    name: 'InstallRunFailed',
    severity: 'P1',
    expr: `${failedRuns(WEEK)} unless on (cluster, plan) (${stepFailed(WEEK)} == 1)`,
    above: 0,
    summary: 'Installation {{ $labels.plan }} of cluster {{ $labels.cluster }} ended without success',
    condition: 'The latest run ended with a failure, an error or at its time limit, and no step of it is failed.',
    resolves: `the start of the next run, ${CLOSED}`,
    labels: RUN,
  },
  {
    name: 'InstallStuck',
    severity: 'P2',
    expr: silence(WEEK),
    above: STUCK_SECONDS,
    // A late delivery brings old heartbeats before new ones.
    hold: '1m',
    summary: 'Installation {{ $labels.plan }} of cluster {{ $labels.cluster }} gives no sign of life',
    condition: 'A run is in progress, and its heartbeat is older than 5 minutes.',
    resolves: `a heartbeat, the end of the run, the next run, ${CLOSED}`,
    labels: RUN,
  },
  {
    name: 'InstallSlow',
    severity: 'P3',
    expr: whereRun(elapsed(WEEK), `(${lively} or ${whereRun(endedLately, runsIn(WEEK, 'success'))})`),
    above: SLOW_SECONDS,
    summary: 'Installation {{ $labels.plan }} of cluster {{ $labels.cluster }} takes more than 10 minutes',
    condition: 'A run that is alive, or one that succeeded within the last hour, has taken more than 10 minutes.',
    resolves: `a faster run, an hour after the end of this one, ${CLOSED}`,
    labels: RUN,
  },
  {
    name: 'InstallOptionalStepFailed',
    severity: 'P3',
    expr: whereRun(stepFailed(WEEK), runsIn(WEEK, 'success')),
    above: 0,
    summary: 'Optional step {{ $labels.step }} of {{ $labels.plan }} failed in cluster {{ $labels.cluster }}',
    condition: 'The latest run succeeded, with a failed step that nothing else needs.',
    resolves: `a run in which the step is completed, ${CLOSED}`,
    labels: [...RUN, 'step'],
  },
  {
    name: 'InstallDiskAlmostFull',
    severity: 'P3',
    expr: openOnly(`1 - ${latest(METRICS.diskFree, DAY)} / ${latest(METRICS.diskSize, DAY)}`, DAY),
    above: 0.8,
    summary: 'The disk of {{ $labels.volume }} is more than 80 % full where cluster {{ $labels.cluster }} is installed',
    condition: 'The latest run of the last day saw more than 80 % of the disk of CONTEXTCORE_HOME or Docker used.',
    resolves: `a run that sees more room, a day without a run, ${CLOSED}`,
    labels: [...RUN, 'volume'],
  },
  {
    name: 'InstallTelemetryWaiting',
    severity: 'P4',
    expr: openOnly(latest(METRICS.spoolRecords, DAY), DAY),
    above: 0,
    hold: '15m',
    summary: 'Telemetry of {{ $labels.plan }} in cluster {{ $labels.cluster }} was not all delivered',
    condition: 'For 15 minutes the spool has held records that a delivery left behind.',
    resolves: `a run or \`telemetry flush\` that delivers them, a day without either, ${CLOSED}`,
    labels: RUN,
  },
];
