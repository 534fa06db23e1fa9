import type { Clock, Random } from '../resilience/time.ts';
import type { EngineEvent } from './events.ts';
import type { Change, RecordedChild, RunFields, StepRecord } from './record.ts';

export type { Clock, Random };

export interface SpawnRequest {
  file: string;
  args: readonly string[];
  cwd?: string;
  /** The complete environment of the child. */
  env: Readonly<Record<string, string>>;
  /** Text for its standard input; none: /dev/null. */
  input?: string;
  /**
   * `log`: both streams are appended to this file, by descriptor. `masked`: likewise, through the masking pipe.
   * `capture`: kept in memory up to `limit` bytes each (the last ones), for a short answer.
   */
  output: { to: 'log'; path: string } | { to: 'masked'; path: string } | { to: 'capture'; limit: number };
}

export interface SpawnResult {
  /** Null when a signal ended it. */
  exitCode: number | null;
  signal: string | null;
  /** Only for `capture`. */
  stdout: string;
  stderr: string;
  /** The beginning of `stdout` is left out: there was more of it than the limit. */
  truncated?: boolean;
}

export interface ChildHandle {
  readonly pid: number;
  /** Kernel start time in clock ticks, 0 where the system does not tell. */
  readonly startTicks: number;
  /** Never rejects once the child has started. */
  readonly result: Promise<SpawnResult>;
  /** SIGTERM to the whole process group, SIGKILL after `graceMs`; resolves when the group is empty. */
  terminate(graceMs: number): Promise<void>;
  /** SIGKILL to the whole process group at once. */
  kill(): void;
}

export interface Processes {
  /** Starts a child as leader of its own process group. @throws InstallerError (class `not_runnable`) */
  spawn(request: SpawnRequest): Promise<ChildHandle>;
  /** Whether a child of an earlier run still lives: its pid, with the same start time. */
  isAlive(child: RecordedChild): boolean;
  /** Children of a run that is over which were started but not recorded before the run was killed. */
  findMarked(runId: string): readonly (RecordedChild & { step: string })[];
  /** SIGTERM to the process group of a child of an earlier run, SIGKILL after `graceMs`. */
  end(child: RecordedChild, graceMs: number): Promise<void>;
}

/** Where the authoritative record is kept. The engine never sees how. */
export interface Recorder {
  step(id: string): StepRecord | undefined;
  readonly run: Readonly<RunFields>;
  /**
   * Resolves when the change would survive a power cut. With `durable: false`, when it would survive the end of this process.
   * @throws InstallerError `state_unusable` when it cannot be written; nothing may be done after that
   */
  record(change: Change, options?: { durable?: boolean }): Promise<void>;
}

/** Hears every event, in order. What it throws is dropped; it is never waited for. */
export type Listener = (event: EngineEvent) => void;

/** Text files of child output, one a step and attempt. */
export interface Logs {
  /** Path of the file for a step's attempt; the file exists (0600) and is empty or holds earlier output of this attempt. */
  open(step: string, attempt: number): string;
  append(path: string, text: string): void;
  /** Cuts the middle out of a file that has grown beyond the bound. */
  trim(path: string): void;
  /** Bytes in the file now; 0 when there is none. */
  size(path: string): number;
  /** The last lines, bounded in number and length; only what was written behind byte `from`, if that is given. */
  tail(path: string, lines?: number, from?: number): readonly string[];
}

/** Asks the user; without a terminal and without `--yes` it throws `consent_needed`, declined it throws `consent_declined`. */
export type Consent = (question: string, details?: readonly string[]) => Promise<void>;

/** Hides every known secret in a text (state, events, errors, logs). */
export type Mask = (text: string) => string;
