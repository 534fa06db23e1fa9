import type { ResilienceEvent } from '../resilience/events.ts';
import type { Mode, Outputs, RecordedError, RunResult, StepStatus } from './record.ts';

/** What a step would do, or did. */
export type Action = 'trust' | 'keep' | 'apply' | 'repair' | 'rollback' | 'none';

interface At {
  /** Milliseconds since the epoch. */
  at: number;
}

interface OfStep extends At {
  step: string;
}

export interface PlanStepInfo {
  id: string;
  title: string;
  needs: readonly string[];
  severity: 'critical' | 'optional';
}

export interface RunStarted extends At {
  type: 'run_started';
  runId: string;
  plan: string;
  planHash: string;
  cluster: string;
  mode: Mode;
  provider?: string;
  /** Id and traceparent of the run before, for links. */
  previousRunId?: string;
  previousTraceparent?: string;
  steps: readonly PlanStepInfo[];
  /** Status of each step as recorded before this run. */
  recorded: Readonly<Record<string, StepStatus>>;
}

export type EngineEvent =
  | RunStarted
  | (OfStep & { type: 'step_started' })
  /** A status was recorded durably; `at` is the recorded time. The only source of status metrics. */
  | (OfStep & { type: 'step_recorded'; status: StepStatus; attempts: number; startedAt?: number; durationMs?: number })
  /** An observation was made; `reason` says what was seen. */
  | (OfStep & { type: 'step_observed'; state: ObservedState; reason?: string; phase: 'before' | 'after' })
  | (OfStep & { type: 'attempt_started'; attempt: number; action: Action; log?: string })
  | (OfStep & { type: 'attempt_failed'; attempt: number; error: RecordedError; retryInMs?: number })
  | (OfStep & { type: 'step_progress'; message: string; done?: number; total?: number; item?: string })
  | (OfStep & { type: 'child_started'; attempt: number; pid: number; program: string })
  | (OfStep & {
      type: 'child_finished';
      attempt: number;
      pid: number;
      program: string;
      exitCode: number | null;
      signal: string | null;
    })
  | (OfStep & {
      type: 'step_finished';
      /** `in_progress`: interrupted, its effect may be half done; `pending`: not started, `reason` says why. */
      status: StepStatus;
      action: Action;
      attempts: number;
      durationMs: number;
      reason?: string;
      error?: RecordedError;
      outputs?: Outputs;
    })
  /** What a step had to do with a service that it depends on. */
  | (ResilienceEvent & { step: string; stepAttempt: number })
  | (At & { type: 'notice'; level: 'info' | 'warning'; message: string; step?: string })
  | (At & { type: 'run_finished'; runId: string; result: RunResult; durationMs: number; error?: RecordedError });

export type ObservedState = 'present' | 'absent' | 'unhealthy' | 'unknown';
