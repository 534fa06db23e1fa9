import type { EngineEvent, RunStarted } from '../../engine/events.ts';
import type { RunResult } from '../../engine/record.ts';
import { METRICS, type Metric, RUN_STATUS_VALUES, STEP_STATUS_VALUES } from '../names.ts';
import { resilienceSamples } from './resilience-samples.ts';
import type { OwnLabels } from './sample.ts';

/** A sample as an event asks for it: a value, or what a counter goes up by. */
export type Draft = { metric: Metric; labels: OwnLabels; at: number } & ({ value: number } | { add: number });

/** What is remembered of a run while its events pass. */
export interface RunMemory {
  startedAt: number;
  /** A step did more than look. */
  changed: boolean;
  /** Labels of the targets that have exhausted their retries. */
  exhausted: Set<string>;
}

const RUN_RESULTS = ['success', 'failure', 'timeout', 'cancellation', 'error'] as const satisfies RunResult[];

/**
 * The samples that an event stands for. Statuses come from what was recorded durably, with its very time.
 *
 * @param memory of the run, changed in place
 * @param version of the installer
 */
export function samplesOf(event: EngineEvent, memory: RunMemory, version: string): readonly Draft[] {
  switch (event.type) {
    case 'run_started':
      memory.startedAt = event.at;
      memory.changed = false;
      memory.exhausted.clear();
      return startOfRun(event, version);
    case 'step_recorded':
      return recordedStep(event);
    case 'step_finished':
      return finishedStep(event, memory);
    case 'run_finished':
      return endOfRun(event, memory);
    case 'target_tried':
    case 'target_rejected':
    case 'breaker_changed':
    case 'fallback_taken':
    case 'checksum_compared':
      return resilienceSamples(event, memory.exhausted);
    default:
      return [];
  }
}

/** Statuses recorded earlier are told anew, so that what follows the latest start of a run is the whole state. */
function startOfRun({ at, steps, recorded, planHash }: RunStarted, version: string): Draft[] {
  const seconds = at / 1000;
  return [
    ...RUN_RESULTS.map((result) => ({ metric: METRICS.runs, labels: { result }, at, add: 0 })),
    ...steps.map(({ id }) => ({
      metric: METRICS.stepStatus,
      labels: { step: id },
      at,
      value: STEP_STATUS_VALUES[recorded[id] ?? 'pending'],
    })),
    { metric: METRICS.runStarted, labels: {}, at, value: seconds },
    { metric: METRICS.planInfo, labels: { version, plan_hash: planHash }, at, value: seconds },
    { metric: METRICS.heartbeat, labels: {}, at, value: seconds },
    { metric: METRICS.runStatus, labels: {}, at, value: RUN_STATUS_VALUES.running },
  ];
}

function recordedStep(event: Extract<EngineEvent, { type: 'step_recorded' }>): Draft[] {
  const { at, step, status, attempts, startedAt } = event;
  const labels = { step };
  const drafts: Draft[] = [{ metric: METRICS.stepStatus, labels, at, value: STEP_STATUS_VALUES[status] }];
  if (status === 'pending' || status === 'skipped') return drafts;
  drafts.push({ metric: METRICS.stepAttempts, labels, at, value: attempts });
  if (status === 'in_progress') {
    drafts.push({ metric: METRICS.stepStarted, labels, at, value: (startedAt ?? at) / 1000 });
  }
  if (status === 'completed') drafts.push({ metric: METRICS.stepCompleted, labels, at, value: at / 1000 });
  return drafts;
}

function finishedStep(event: Extract<EngineEvent, { type: 'step_finished' }>, memory: RunMemory): Draft[] {
  const { at, step, status, action, durationMs } = event;
  if (action !== 'apply' && action !== 'repair') return [];
  memory.changed = true;
  if (status !== 'completed') return [];
  return [{ metric: METRICS.stepLastDuration, labels: { step }, at, value: durationMs / 1000 }];
}

function endOfRun(event: Extract<EngineEvent, { type: 'run_finished' }>, { changed }: RunMemory): Draft[] {
  const { at, result, durationMs } = event;
  const seconds = at / 1000;
  const drafts: Draft[] = [
    { metric: METRICS.runStatus, labels: {}, at, value: RUN_STATUS_VALUES[result] },
    { metric: METRICS.runCompleted, labels: {}, at, value: seconds },
    { metric: METRICS.heartbeat, labels: {}, at, value: seconds },
    { metric: METRICS.runs, labels: { result }, at, add: 1 },
  ];
  if (changed) drafts.push({ metric: METRICS.runLastDuration, labels: { result }, at, value: durationMs / 1000 });
  if (result === 'success') drafts.push({ metric: METRICS.lastSuccess, labels: {}, at, value: seconds });
  return drafts;
}
