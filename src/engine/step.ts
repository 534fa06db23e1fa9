import type { Guard } from '../resilience/guard.ts';
import type { RetryPolicy } from '../resilience/policy.ts';
import type { ObservedState } from './events.ts';
import type { Clock, Consent, Mask, Random } from './ports.ts';
import type { Inputs, Mode, Outputs, StepRecord } from './record.ts';

/** What a look at the world found. */
export interface Observation {
  /** `unknown`: it could not be seen (an API that does not answer); never taken for absent. */
  state: ObservedState;
  /** One short phrase: what is there, what is wrong, why it cannot be told. */
  reason?: string;
  /** Finer findings, one line each. */
  details?: readonly string[];
  /** What mending it would destroy, one line each; consent is asked before. */
  destroys?: readonly string[];
  /** Recorded as the step's outputs when it is kept as it is, as if it had been applied. */
  outputs?: Outputs;
}

export interface Command {
  file: string;
  args?: readonly string[];
  cwd?: string;
  /** Added to the inherited environment. */
  env?: Readonly<Record<string, string>>;
  input?: string;
  /** Names of secrets this child is given in its environment; its output then goes through the masking pipe. */
  secrets?: readonly string[];
  timeoutMs?: number;
  /** Ends it as well, besides the signal of the step: that of a guarded attempt. */
  signal?: AbortSignal;
}

export interface QueryResult {
  exitCode: number | null;
  stdout: string;
  stderr: string;
}

/** What a step may use. Everything in it stops when `signal` is aborted. */
export interface StepContext {
  readonly step: string;
  readonly mode: Mode;
  readonly attempt: number;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  readonly random: Random;
  readonly consent: Consent;
  readonly mask: Mask;
  /** The environment that children inherit: no credentials in it. */
  readonly env: Readonly<Record<string, string>>;
  /** Whatever asks a service that others run goes through it: breakers, retries, fallbacks, statistics. */
  readonly guard: Guard;
  /** As recorded when this run reached the step. */
  readonly recorded: StepRecord | undefined;
  /** Whether a step is recorded as done. */
  isDone(step: string): boolean;
  /** Outputs of a step that is done; empty when it has none. */
  outputsOf(step: string): Outputs;
  /** Value of a secret that the plan declares. @throws InstallerError `config` when it is not set */
  secret(name: string): string;
  /** Runs a child with its output in the step's log. @throws InstallerError with the tail of its output, unless it exits with 0 */
  exec(command: Command): Promise<void>;
  /** Runs a child for a short answer (at most 8 MiB, not logged); its exit code is the caller's to judge. */
  query(command: Command): Promise<QueryResult>;
  /** Remembers outputs at once, durably, before the step is finished: an intent that a crash must not lose. */
  remember(outputs: Outputs): Promise<void>;
  /** Writes a line to the step's log. */
  log(line: string): void;
  /** Tells the listeners what is being done or waited for now. */
  progress(message: string, detail?: { done?: number; total?: number; item?: string }): void;
  /** Tells the user something that is worth knowing after the run. */
  notice(message: string, level?: 'info' | 'warning'): void;
}

/**
 * How a part of the world should be, and how to make it so. A step knows no other step but those it needs,
 * and nothing of state files, telemetry or terminals.
 */
export interface Step {
  /** Stable: state key, span name, metric label. Matches /^[a-z0-9][a-z0-9_.-]*$/i. */
  readonly id: string;
  readonly title: string;
  readonly needs?: readonly Step[];
  /** A failed optional step is recorded, and what needs it still runs. Default: critical. */
  readonly severity?: 'critical' | 'optional';
  readonly policy?: Partial<RetryPolicy>;
  /** Observed in every mode, never trusted from the record (preflight). */
  readonly alwaysObserve?: boolean;
  /** Keys of `inputs` whose change only a new installation can carry. */
  readonly immutableInputs?: readonly string[];
  /** Then an immutable input that was not there before is such a change, too: a port that was never mapped. */
  readonly closedInputs?: boolean;
  /** What it depends on: flags, manifests, versions; never our own source. Its hash is the fingerprint. */
  inputs?(): Inputs | Promise<Inputs>;
  /** Without it, only the record can tell whether the step was done. Must not change anything. */
  observe?(ctx: StepContext): Promise<Observation>;
  /** Makes it so; safe to repeat. */
  apply(ctx: StepContext): Promise<Outputs | undefined>;
  /** Mends what is unhealthy and leaves the rest alone. Default: apply. */
  repair?(ctx: StepContext, seen: Observation): Promise<Outputs | undefined>;
  /** Takes back only what this installer made. */
  rollback?(ctx: StepContext): Promise<void>;
}
