import type { InstallerError } from '../errors/installer-error.ts';

/** What is remembered of a step and a run: the engine's part of the state document (snake_case, as on disk). */

export const STEP_STATUSES = ['pending', 'in_progress', 'completed', 'failed', 'skipped'] as const;
export type StepStatus = (typeof STEP_STATUSES)[number];

/** Values a step hands to later steps and to `--status`; never a secret. */
export type Outputs = Record<string, string | number | boolean>;

/** A step's declared inputs: short printable values, or digests of long ones. */
export type Inputs = Record<string, string>;

export interface RecordedError {
  code: string;
  message: string;
  hint?: string;
  log?: string;
  class?: string;
}

/** The process group of a step's child, so that a later run can tell whether it still lives. */
export interface RecordedChild {
  pid: number;
  /** Start time as the kernel tells it (clock ticks since boot), so that a reused pid is not mistaken for it. */
  start_ticks: number;
  /** Program name without arguments. */
  program: string;
}

export interface StepRecord {
  status: StepStatus;
  /** UTC, ISO 8601 with milliseconds, as all times here. */
  started_at?: string;
  completed_at?: string;
  updated_at?: string;
  /** Attempts of the latest run of this step. */
  attempts?: number;
  /** Absent: critical. */
  severity?: 'optional';
  duration_ms?: number;
  fingerprint?: string;
  inputs?: Inputs;
  /** Begun with changed inputs and not completed since: what is there may have been made from the inputs before. */
  outdated?: true;
  error?: RecordedError;
  /** When its effect was last observed, or false: recorded by someone else and not looked at yet. */
  verified?: string | false;
  outputs?: Outputs;
  children?: RecordedChild[];
  [unknown: string]: unknown;
}

export type RunResult = 'running' | 'success' | 'failure' | 'timeout' | 'cancellation' | 'error';
export type Mode = 'run' | 'resume' | 'repair';

/** Fields of the document that a run sets, besides its steps. */
export interface RunFields {
  plan?: string;
  plan_hash?: string;
  run_id?: string;
  traceparent?: string;
  provider?: string;
  started_at?: string;
  completed_at?: string;
  last_run?: { id: string; mode: Mode; result: RunResult; started_at: string; ended_at?: string; pid?: number };
  [unknown: string]: unknown;
}

/**
 * One durable change: merged into the document, field by field. `null` removes a field.
 * Given together, several steps' changes are durable together.
 */
export interface Change {
  /** Time of the change; becomes `updated_at` of the document and of each named step. */
  at: string;
  run?: { [K in keyof RunFields]?: RunFields[K] | null };
  steps?: Record<string, { [K in keyof StepRecord]?: StepRecord[K] | null }>;
  /** Ids of steps whose records go. */
  forget?: readonly string[];
}

/** Done, for what needs it and for progress: a skipped step counts as done. */
export function isDone(status: StepStatus | undefined): boolean {
  return status === 'completed' || status === 'skipped';
}

/** The part of an error that goes into the state file and into events. */
export function recordError(error: InstallerError): RecordedError {
  const { hint, log } = error.details;
  return {
    code: error.code,
    message: error.message,
    class: error.class,
    ...(hint === undefined ? {} : { hint }),
    ...(log === undefined ? {} : { log }),
  };
}
