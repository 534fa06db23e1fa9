import type { Clock } from '../../engine/ports.ts';
import type { Command, QueryResult, StepContext } from '../../engine/step.ts';

export type FindingLevel = 'ok' | 'warning' | 'error';

/** What one check found. */
export interface Finding {
  level: FindingLevel;
  /** One sentence: what is there, compared with what is needed. */
  message: string;
  /** What to do about a warning or an error: one sentence or a command to type. */
  hint?: string;
  /** Given with an error that this installer can mend itself, once the user agrees. */
  remedy?: Remedy;
}

export interface Remedy {
  /** What would be done, as the user is asked: `download kind v0.30.0 (10 MB) into ~/.contextcore/bin`. */
  offer: string;
  /** Does it. @throws InstallerError when it cannot be done */
  apply(ctx: StepContext): Promise<void>;
}

/** What a check may use. It must not change anything. */
export interface CheckEnv {
  /** Aborted when the check's time is over or the run is stopped. */
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** Environment of the process: PATH, DOCKER_HOST, proxies. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** When an earlier run last recorded this step, in milliseconds since the epoch. */
  readonly recordedAt: number | undefined;
  /** Whether a step is recorded as done. */
  isDone(step: string): boolean;
  /** Runs a child for a short answer, for no longer than the check may take. @throws InstallerError when it cannot be started */
  query(command: Command): Promise<QueryResult>;
  /** Makes an answer that several checks of one round share (such as `docker info`) only once. */
  once<T>(key: string, make: () => Promise<T>): Promise<T>;
}

/** One condition for an installation, as data: a list of these is all that a plan has to give. */
export interface Check {
  /** Stable, kebab-case: `docker`, `port-grafana`. */
  readonly id: string;
  readonly title: string;
  /** Id of the step behind which this no longer matters: once it is done, an error is reported as a warning. */
  readonly until?: string;
  /** In milliseconds; {@link CHECK_TIMEOUT_MS} when absent. */
  readonly timeoutMs?: number;
  /** Undefined: the check does not apply here, or another one tells already. What it throws becomes an error finding. */
  run(env: CheckEnv): Promise<Finding | undefined>;
}

/** Far more than any of them takes on a machine that is not overloaded. */
export const CHECK_TIMEOUT_MS = 15_000;

/** A finding with the check that made it. */
export interface CheckResult {
  check: Check;
  finding: Finding;
}
