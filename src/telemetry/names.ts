import type { RunResult, StepStatus } from '../engine/record.ts';

/** Every name that leaves this program as telemetry; docs/metrics.md is generated from it. */

export const SERVICE_NAME = 'contextcore-install';
export const METRIC_PREFIX = 'contextcore_install_';

/** Values of the step status. */
export const STEP_STATUS_VALUES: Readonly<Record<StepStatus, number>> = {
  pending: 0,
  in_progress: 1,
  completed: 2,
  failed: 3,
  skipped: 4,
};

/** `deleted` and `reset` close a run: no panel and no rule asks for it any more. */
export type RunStatus = RunResult | 'deleted' | 'reset';

/** Values of the run status. */
export const RUN_STATUS_VALUES: Readonly<Record<RunStatus, number>> = {
  running: 1,
  success: 2,
  failure: 3,
  timeout: 4,
  cancellation: 5,
  error: 6,
  deleted: 7,
  reset: 8,
};

/** Values of the breaker state. */
export const BREAKER_STATE_VALUES = { closed: 0, half_open: 1, open: 2 } as const;

/** Labels of metrics, and what they hold: never run ids, trace ids, host names or error text. */
export const LABELS = {
  cluster: 'name of the cluster',
  plan: 'name of the plan; for a command outside a plan, the command (`retry`, `download`)',
  step: 'id of the step',
  result: 'how a run ended: `success`, `failure`, `timeout`, `cancellation`, `error`',
  target:
    "what was asked: an alias from the configuration, a package manager's kind, a well-known registry, or `other`",
  class: 'class of the error, such as `network_timeout`',
  volume: '`home` (CONTEXTCORE_HOME) or `docker` (where the engine keeps its data)',
  version: 'version of the installer',
  plan_hash: 'digest of the plan',
  path: 'how a test signal came: `remote_write` or `otlp`',
} as const;

export type Label = keyof typeof LABELS;

export interface Metric {
  readonly name: string;
  readonly type: 'gauge' | 'counter' | 'histogram';
  readonly unit: 'seconds' | 'bytes' | '';
  readonly labels: readonly Label[];
  readonly help: string;
}

type Labels = readonly Label[];
const define = (type: Metric['type'], name: string, labels: Labels, help: string): Metric => {
  const unit = /_(seconds|bytes)(_total)?$/.exec(name)?.[1] ?? (name.endsWith('_timestamp') ? 'seconds' : '');
  return { name: METRIC_PREFIX + name, type, unit: unit === 'seconds' || unit === 'bytes' ? unit : '', labels, help };
};
const gauge = (name: string, labels: Labels, help: string) => define('gauge', name, labels, help);
const counter = (name: string, labels: Labels, help: string) => define('counter', name, labels, help);
const histogram = (name: string, labels: Labels, help: string) => define('histogram', name, labels, help);

const RUN = ['cluster', 'plan'] as const;
const STEP = [...RUN, 'step'] as const;
const RESULT = [...RUN, 'result'] as const;
const TARGET = [...RUN, 'target'] as const;
const CLASS = [...TARGET, 'class'] as const;
const VOLUME = [...RUN, 'volume'] as const;

/**
 * Gauges and counters are samples with timestamps of their own (remote write, or OTLP data points). Counters are kept on
 * disk, never fall, are first sent as 0, and are sent unchanged when a run starts, so that an increase has a beginning.
 * Histograms are the OpenTelemetry SDK's, one distribution per process. Times are seconds since the epoch.
 */
export const METRICS = {
  stepStatus: gauge('step_status', STEP, 'State of a step, one sample per transition.'),
  stepStarted: gauge('step_started_timestamp_seconds', STEP, 'When the step was last started.'),
  stepCompleted: gauge('step_completed_timestamp_seconds', STEP, 'When the step was last completed.'),
  stepAttempts: gauge('step_attempts', STEP, 'Attempts of the latest run of the step.'),
  /** Not repeated: each sample is one execution, so that averages over time are averages over executions. */
  stepLastDuration: gauge(
    'step_last_duration_seconds',
    STEP,
    'How long the step took: one sample per completed execution that changed something, never repeated.',
  ),
  stepDuration: histogram('step_duration_seconds', STEP, 'Durations of steps, with exemplars.'),
  attemptDuration: histogram('attempt_duration_seconds', STEP, 'Durations of single attempts, with exemplars.'),

  runStatus: gauge('run_status', RUN, 'State of the latest run.'),
  runStarted: gauge('started_timestamp', RUN, 'When the latest run was started.'),
  runCompleted: gauge('run_completed_timestamp_seconds', RUN, 'When the latest run ended, whatever its result.'),
  /** Not repeated, as above. */
  runLastDuration: gauge(
    'run_last_duration_seconds',
    RESULT,
    'How long a run took: one sample per run that changed something, never repeated.',
  ),
  lastSuccess: gauge('last_success_timestamp_seconds', RUN, 'When a run last ended in success.'),
  heartbeat: gauge('heartbeat_timestamp_seconds', RUN, 'When the run last showed that it is alive, every minute.'),
  /** The time as value makes the latest of several series the one that counts. */
  planInfo: gauge('plan_info', [...RUN, 'version', 'plan_hash'], 'What was run; its value is when that run started.'),
  runs: counter('runs_total', RESULT, 'Runs that ended.'),

  requests: counter('requests_total', TARGET, 'Requests to a target, those that a breaker rejected among them.'),
  requestErrors: counter('request_errors_total', CLASS, 'Requests that failed, each attempt counted.'),
  retries: counter('retries_total', CLASS, 'Further attempts, by the error that led to them.'),
  retriesExhausted: counter('retries_exhausted_total', CLASS, 'Operations that failed after their last attempt.'),
  exhaustedRuns: counter(
    'exhausted_runs_total',
    TARGET,
    'Runs in which a target exhausted its retries, each run once.',
  ),
  breakerState: gauge('breaker_state', TARGET, 'State of a circuit breaker.'),
  breakerRejections: counter('breaker_rejections_total', TARGET, 'Requests that an open breaker rejected.'),
  fallbacks: counter('fallbacks_total', TARGET, 'Mirrors and substitutes used in place of a target.'),
  checksumChecks: counter('checksum_checks_total', TARGET, 'Checksums that were compared.'),
  checksumFailures: counter('checksum_failures_total', TARGET, 'Checksums that did not match.'),

  diskSize: gauge('disk_size_bytes', VOLUME, 'Size of the file system.'),
  diskFree: gauge('disk_free_bytes', VOLUME, 'Free space of the file system.'),

  spoolRecords: gauge(
    'spool_records',
    RUN,
    'Records of samples, spans, log lines and measurements that wait, taken after a delivery was tried.',
  ),
  spoolBytes: gauge('spool_bytes', RUN, 'Their size.'),
  samplesReplayed: counter('telemetry_samples_replayed_total', RUN, 'Samples delivered later than they were taken.'),
  samplesRejected: counter('telemetry_samples_rejected_total', RUN, 'Samples that the receiver refused for good.'),
  samplesExpired: counter(
    'telemetry_samples_expired_total',
    RUN,
    'Samples too old for the receiver, or for the spool.',
  ),

  seed: gauge('seed_timestamp_seconds', ['cluster', 'path'], 'Test signal of a fresh installation.'),
} as const satisfies Record<string, Metric>;

/** How a run and its steps stand: repeated while the run lives, and read back when the state is lost. */
export const STANDING: readonly Metric[] = [
  METRICS.stepStatus,
  METRICS.stepStarted,
  METRICS.stepCompleted,
  METRICS.stepAttempts,
  METRICS.runStatus,
  METRICS.runStarted,
  METRICS.planInfo,
];

/** Attributes. `cicd.*` and `process.*` are copied from the incubating semantic conventions of OpenTelemetry. */
export const ATTRIBUTES = {
  cluster: 'contextcore.cluster',
  provider: 'contextcore.provider',
  mode: 'contextcore.mode',
  planHash: 'contextcore.plan.hash',
  stepAction: 'contextcore.step.action',
  stepReason: 'contextcore.step.reason',
  attempt: 'contextcore.attempt',
  retryDelay: 'contextcore.retry.delay_ms',
  target: 'contextcore.target',
  serviceName: 'service.name',
  serviceVersion: 'service.version',
  pipelineName: 'cicd.pipeline.name',
  pipelineAction: 'cicd.pipeline.action.name',
  pipelineRunId: 'cicd.pipeline.run.id',
  pipelineResult: 'cicd.pipeline.result',
  taskName: 'cicd.pipeline.task.name',
  taskRunId: 'cicd.pipeline.task.run.id',
  taskRunResult: 'cicd.pipeline.task.run.result',
  executableName: 'process.executable.name',
  exitCode: 'process.exit.code',
  pid: 'process.pid',
  errorType: 'error.type',
  exceptionType: 'exception.type',
  exceptionMessage: 'exception.message',
  httpMethod: 'http.request.method',
  httpStatus: 'http.response.status_code',
  httpResend: 'http.request.resend_count',
  serverAddress: 'server.address',
  serverPort: 'server.port',
  urlFull: 'url.full',
} as const;

/** Values of `cicd.pipeline.result` and `cicd.pipeline.task.run.result`. */
export const CICD_RESULTS = ['success', 'failure', 'error', 'timeout', 'cancellation', 'skip'] as const;

export interface SpanKindOf {
  readonly name: (what: string) => string;
  readonly kind: 'SERVER' | 'INTERNAL' | 'CLIENT';
  readonly attributes: readonly (keyof typeof ATTRIBUTES)[];
}

/** Spans by what they cover; each stands in the one before it (requests also directly in steps). */
export const SPANS = {
  run: {
    name: (plan) => `RUN ${plan}`,
    kind: 'SERVER',
    attributes: ['pipelineName', 'pipelineAction', 'pipelineRunId', 'pipelineResult', 'mode', 'provider', 'planHash'],
  },
  step: {
    name: (step) => `STEP ${step}`,
    kind: 'INTERNAL',
    attributes: ['pipelineName', 'taskName', 'taskRunId', 'taskRunResult', 'stepAction', 'stepReason'],
  },
  attempt: { name: (number) => `ATTEMPT ${number}`, kind: 'INTERNAL', attributes: ['taskName', 'attempt'] },
  child: { name: (program) => program, kind: 'CLIENT', attributes: ['executableName', 'exitCode', 'pid'] },
  request: {
    name: (method) => method,
    kind: 'CLIENT',
    attributes: ['httpMethod', 'httpStatus', 'httpResend', 'serverAddress', 'serverPort', 'urlFull', 'target'],
  },
} as const satisfies Record<string, SpanKindOf>;

/** Names of span events and of log records (`event.name`). */
export const EVENTS = {
  retry: 'contextcore.retry',
  observed: 'contextcore.step.observed',
  progress: 'contextcore.step.progress',
  notice: 'contextcore.notice',
  exception: 'exception',
} as const;
