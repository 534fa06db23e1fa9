import type { Action, EngineEvent, RunStarted } from '../engine/events.ts';
import { isDone, type RecordedError, type StepStatus } from '../engine/record.ts';
import { createStatistics, type StatisticsByTarget } from '../resilience/statistics.ts';
import { resilienceLine } from './resilience-lines.ts';

export type StepState = 'waiting' | 'running' | 'retrying' | 'done' | 'failed' | 'interrupted' | 'blocked';

/** What is known of a step while the run goes on. Times in milliseconds since the epoch. */
export interface StepView {
  readonly id: string;
  readonly title: string;
  /** Place in the plan. */
  readonly index: number;
  readonly severity: 'critical' | 'optional';
  /** As recorded before this run. */
  readonly recorded?: StepStatus;
  state: StepState;
  startedAt?: number;
  attempt: number;
  /** What it does or waits for now. */
  progress?: string;
  /** When the next attempt begins. */
  retryAt?: number;
  /** Of the attempt before, while it waits for the next one, or of the last one. */
  error?: RecordedError;
  log?: string;
  action?: Action;
  durationMs?: number;
  reason?: string;
}

/** The run as it stands: events folded into it, in any order, at a constant cost each. */
export interface RunView {
  readonly start: RunStarted | undefined;
  readonly finish: Extract<EngineEvent, { type: 'run_finished' }> | undefined;
  /** In the order of the plan. */
  readonly steps: readonly StepView[];
  readonly running: ReadonlySet<StepView>;
  readonly failed: ReadonlySet<StepView>;
  /** The last ones that ended, newest last. */
  readonly recent: readonly StepView[];
  readonly doneCount: number;
  /** What came of everything that was asked of services so far. */
  targets(): StatisticsByTarget;
  step(id: string): StepView;
  apply(event: EngineEvent): void;
}

const RECENT = 16;

export function createRunView(): RunView {
  const byId = new Map<string, StepView>();
  const steps: StepView[] = [];
  const running = new Set<StepView>();
  const failed = new Set<StepView>();
  const recent: StepView[] = [];
  const statistics = createStatistics();
  let start: RunStarted | undefined;
  let finish: RunView['finish'];
  let doneCount = 0;

  function step(id: string): StepView {
    return byId.get(id) ?? add({ id, title: id, severity: 'critical' });
  }

  function add(info: Pick<StepView, 'id' | 'title' | 'severity' | 'recorded'>): StepView {
    const view: StepView = { ...info, index: steps.length, state: 'waiting', attempt: 0 };
    byId.set(view.id, view);
    steps.push(view);
    return view;
  }

  function enter(view: StepView, state: StepState): void {
    if (view.state === 'done') doneCount -= 1;
    running.delete(view);
    failed.delete(view);
    view.state = state;
    if (state === 'done') doneCount += 1;
    if (state === 'failed') failed.add(view);
    if (state === 'running' || state === 'retrying') {
      running.add(view);
    } else {
      recent.push(view);
      if (recent.length > RECENT) recent.shift();
    }
  }

  function apply(event: EngineEvent): void {
    switch (event.type) {
      case 'run_started':
        start = event;
        for (const { id, title, severity } of event.steps) {
          const recorded = Object.hasOwn(event.recorded, id) ? event.recorded[id] : undefined;
          if (!byId.has(id)) add({ id, title, severity, ...(recorded === undefined ? {} : { recorded }) });
        }
        break;
      case 'step_started':
        begin(step(event.step), event.at);
        break;
      case 'attempt_started':
        begin(step(event.step), event.at);
        Object.assign(step(event.step), { attempt: event.attempt, action: event.action, log: event.log });
        break;
      case 'step_progress':
        begin(step(event.step), event.at);
        step(event.step).progress = describeProgress(event);
        break;
      case 'target_tried':
      case 'target_rejected':
      case 'breaker_changed':
      case 'fallback_taken':
      case 'checksum_compared': {
        statistics.hear(event);
        const line = resilienceLine(event);
        if (line !== undefined) step(event.step).progress = line;
        break;
      }
      case 'attempt_failed': {
        const view = step(event.step);
        begin(view, event.at);
        view.error = event.error;
        view.attempt = event.attempt;
        if (event.retryInMs !== undefined) {
          view.retryAt = event.at + event.retryInMs;
          enter(view, 'retrying');
        }
        break;
      }
      case 'step_finished': {
        const view = step(event.step);
        Object.assign(view, { action: event.action, durationMs: event.durationMs, reason: event.reason });
        Object.assign(view, { error: event.error, attempt: Math.max(view.attempt, event.attempts) });
        enter(view, stateOf(event.status, event.action));
        break;
      }
      case 'run_finished':
        finish = event;
        break;
    }
  }

  function begin(view: StepView, at: number): void {
    view.startedAt ??= at;
    if (view.state === 'retrying') delete view.progress;
    if (view.state !== 'running') enter(view, 'running');
  }

  return {
    steps,
    targets: statistics.byTarget,
    running,
    failed,
    recent,
    step,
    apply,
    get start() {
      return start;
    },
    get finish() {
      return finish;
    },
    get doneCount() {
      return doneCount;
    },
  };
}

function stateOf(status: StepStatus, action: Action): StepState {
  if (status === 'failed') return 'failed';
  if (action === 'rollback' || isDone(status)) return 'done';
  return status === 'in_progress' && action !== 'none' ? 'interrupted' : 'blocked';
}

/** `pods 2/3: loki-0 ContainerCreating`; a large total (bytes) is told in percent. */
function describeProgress({
  message,
  done,
  total,
  item,
}: {
  message: string;
  done?: number;
  total?: number;
  item?: string;
}): string {
  let text = message;
  if (done !== undefined && total !== undefined && total > 0) {
    text += total < 1000 ? ` ${done}/${total}` : ` ${Math.min(100, Math.floor((100 * done) / total))} %`;
  }
  return item === undefined || message.includes(item) ? text : `${text}: ${item}`;
}
