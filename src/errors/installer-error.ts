import type { ErrorClass } from './error-class.ts';

/** Why a run or a command ended; each code has one exit code (docs/interface: "Exit codes"). */
export const EXIT_CODES = {
  step_failed: 1,
  timeout: 1,
  usage: 2,
  config: 2,
  consent_needed: 2,
  preflight_failed: 3,
  engine_unreachable: 3,
  locked: 4,
  state_unusable: 5,
  inputs_changed: 6,
  needs_new_cluster: 6,
  consent_declined: 6,
  not_ours: 6,
  remote_unavailable: 7,
  interrupted: 130,
  terminated: 143,
} as const;

export type ErrorCode = keyof typeof EXIT_CODES;

/** What is known of a failure besides its one-line message. */
export interface ErrorDetails {
  /** Step in which it happened. */
  step?: string;
  /** Command line as typed, secrets masked; never environment values. */
  command?: string;
  /** Exit code of the child process, when one ended with a number. */
  childExit?: number;
  /** Last lines of the child's output, secrets masked, oldest first. */
  tail?: readonly string[];
  /** Path of the full log. */
  log?: string;
  /** What to do next: one sentence or a command to type. */
  hint?: string;
  /** Evidence class that decides about a retry; `unknown` when absent. */
  class?: ErrorClass;
  /** When the server wants to be asked again (RFC 9110 Retry-After), in milliseconds from then. */
  retryAfterMs?: number;
  /** Everything that a policy allows was tried: whoever stands above does not try again. */
  exhausted?: boolean;
  /** Extra lines to show below the message, such as a difference. */
  lines?: readonly string[];
  cause?: unknown;
}

/**
 * The only error the product throws on purpose. Printed once, at the top level: message, lines, tail, log, hint.
 *
 * @param code decides the exit code through {@link EXIT_CODES}
 * @param message one sentence saying what failed and why
 */
export class InstallerError extends Error {
  override readonly name = 'InstallerError';
  readonly code: ErrorCode;
  readonly details: Readonly<ErrorDetails>;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.details = details;
  }

  get exitCode(): number {
    return EXIT_CODES[this.code];
  }

  get class(): ErrorClass {
    return this.details.class ?? 'unknown';
  }

  /** The same error with more known about it; what is known already wins. */
  with(more: ErrorDetails): InstallerError {
    return new InstallerError(this.code, this.message, { ...more, ...this.details });
  }

  /** The same error with every text passed through `mask`. */
  masked(mask: (text: string) => string): InstallerError {
    const { command, tail, hint, lines } = this.details;
    return new InstallerError(this.code, mask(this.message), {
      ...this.details,
      ...(command === undefined ? {} : { command: mask(command) }),
      ...(tail === undefined ? {} : { tail: tail.map(mask) }),
      ...(hint === undefined ? {} : { hint: mask(hint) }),
      ...(lines === undefined ? {} : { lines: lines.map(mask) }),
    });
  }
}

/** Anything thrown, as an {@link InstallerError}: a foreign error becomes `step_failed` with itself as the cause. */
export function toInstallerError(thrown: unknown, more: ErrorDetails = {}): InstallerError {
  if (thrown instanceof InstallerError) return thrown.with(more);
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  return new InstallerError('step_failed', message, { ...more, cause: thrown });
}
