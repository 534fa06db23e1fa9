import type * as z from 'zod';
import type { Step } from '../../../engine/step.ts';
import type { RetryPolicy } from '../../../resilience/policy.ts';

/** What every step of a plan may say, whatever its kind. */
export interface StepCommon {
  id: string;
  title: string;
  /** Folder of the plan, absolute: relative paths start here. */
  cwd: string;
  /** Added to the environment of children. */
  env: Readonly<Record<string, string>>;
  /** Names of the secrets that the step declares. */
  secrets: readonly string[];
  severity: 'critical' | 'optional';
  /**
   * What the plan says of attempts, delays and the time of one attempt; empty when it says nothing. A kind that asks a
   * service gives it to `ctx.guard` and has {@link GUARDED} as its step's policy; any other has it as its step's policy.
   */
  policy: Partial<RetryPolicy>;
  /** An error in what the plan says of this kind. @param keys path to the value that is wrong; empty: all of it */
  wrong(keys: readonly (string | number)[], why: string, hint?: string): Error;
}

/** A kind of step in users' plans: how it is written, and what is made of it. */
export interface StepKind<Spec = unknown> {
  /** Key under which a step of this kind holds its settings. */
  readonly key: string;
  /** One line for the schema. */
  readonly describe: string;
  /** A `z.strictObject`, so that every mistyped key is found. */
  readonly schema: z.ZodObject & z.ZodType<Spec>;
  /** Key that a plain text stands for: `wait: tcp://db:5432` is `wait: {target: tcp://db:5432}`. */
  readonly shorthand?: string;
  /** The step; its body lies in `src/steps`. @throws what `common.wrong` makes, for what the schema cannot tell */
  step(spec: Spec, common: StepCommon): StepBody;
}

/** A step as a kind makes it; the plan adds needs, and commands for `check`, `repair` and `rollback` if it has them. */
export type StepBody = Omit<Step, 'needs'>;

/** Fixes the type of a kind by its schema. */
export function defineKind<S extends z.ZodObject>(
  kind: Omit<StepKind, 'schema' | 'step'> & {
    schema: S;
    step(spec: z.output<S>, common: StepCommon): StepBody;
  },
): StepKind {
  return kind as unknown as StepKind;
}

/** Policy of a step whose attempts are the guard's: the engine's limit of one attempt must not end them. */
export const GUARDED: Partial<RetryPolicy> = { timeoutMs: 24 * 60 * 60_000 };

/** The fields of a step that are the same for every kind. */
export function commonFields({ id, title, severity }: StepCommon): Pick<Step, 'id' | 'title' | 'severity'> {
  return { id, title, severity };
}
