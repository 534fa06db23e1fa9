import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { digestOf } from '../engine/fingerprint.ts';
import type { Inputs } from '../engine/record.ts';
import type { Command, Step } from '../engine/step.ts';
import { RETRYABLE_CLASSES } from '../errors/error-class.ts';
import { InstallerError } from '../errors/installer-error.ts';
import type { RetryPolicy } from '../resilience/policy.ts';
import { stateOfMissing } from './observe-missing.ts';

/** A shell command (run by `sh -c`), or the words of a command that no shell touches. */
export type CommandLine = string | readonly string[];

/** Where commands of a step run, and with what. */
export interface CommandPlace {
  cwd: string;
  env?: Readonly<Record<string, string>>;
  secrets?: readonly string[];
}

/** Commands beside the one that does the work. */
export interface CommandHooks {
  /** Exits with 0 when the step's effect is there. */
  check?: CommandLine;
  /** Default: what the step does anyway. */
  repair?: CommandLine;
  rollback?: CommandLine;
}

export interface CommandStepSpec extends CommandPlace, CommandHooks {
  id: string;
  title: string;
  run: CommandLine;
  /** Files, relative to `cwd`, whose contents belong to the inputs. */
  files?: readonly string[];
  severity?: 'critical' | 'optional';
  policy?: Partial<RetryPolicy>;
}

/** A step that is a command. Its inputs are the commands themselves, the declared environment and the declared files. */
export function commandStep(spec: CommandStepSpec): Omit<Step, 'needs'> {
  const { id, title, run, severity, policy } = spec;
  return {
    id,
    title,
    ...(severity === undefined ? {} : { severity }),
    ...(policy === undefined ? {} : { policy: commandPolicy(policy) }),
    inputs: () => ({
      run: typeof run === 'string' ? run : JSON.stringify(run),
      ...declaredInputs(id, spec, spec.files),
    }),
    apply: async (ctx) => {
      await ctx.exec(toCommand(run, spec));
      return undefined;
    },
    ...hooksOf(spec, spec),
  };
}

/** How a step is looked at, mended and taken back by commands; only what there is a command for. */
export function hooksOf(
  { check, repair, rollback }: CommandHooks,
  place: CommandPlace,
): Pick<Step, 'observe' | 'repair' | 'rollback'> {
  return {
    ...(check === undefined
      ? {}
      : {
          observe: async (ctx) => {
            const { exitCode, stderr } = await ctx.query(toCommand(check, place));
            if (exitCode === 0) return { state: 'present' };
            // 126 and 127 (POSIX shells): the check could not be run, so it says nothing.
            if (exitCode === null || exitCode === 126 || exitCode === 127) {
              return {
                state: 'unknown',
                reason: `its check could not be run: ${stderr.trim().split('\n').at(-1) ?? ''}`,
              };
            }
            return { state: stateOfMissing(ctx), reason: `check exited with ${exitCode}` };
          },
        }),
    ...(repair === undefined
      ? {}
      : {
          repair: async (ctx) => {
            await ctx.exec(toCommand(repair, place));
            return undefined;
          },
        }),
    ...(rollback === undefined ? {} : { rollback: (ctx) => ctx.exec(toCommand(rollback, place)) }),
  };
}

/** Whoever asks for attempts of a command wants them for a failure of unknown kind, too; never for one that is known to stay. */
export function commandPolicy(policy: Partial<RetryPolicy>): Partial<RetryPolicy> {
  return policy.attempts === undefined ? policy : { retryOn: RETRYABLE_CLASSES, ...policy };
}

export function toCommand(line: CommandLine, { cwd, env, secrets }: CommandPlace): Command {
  const [file = 'sh', ...args] = typeof line === 'string' ? ['sh', '-c', line] : line;
  return { file, args, cwd, ...(env === undefined ? {} : { env }), ...(secrets === undefined ? {} : { secrets }) };
}

/**
 * The declared environment and files as inputs of a step; only digests, since they may hold anything.
 *
 * @param files paths relative to the place's `cwd`
 * @throws InstallerError `config` naming a file that cannot be read
 */
export function declaredInputs(step: string, { cwd, env }: CommandPlace, files: readonly string[] = []): Inputs {
  const inputs: Inputs = {};
  for (const [name, value] of Object.entries(env ?? {})) inputs[`env ${name}`] = digestOf(value, 12);
  for (const file of files) inputs[`file ${file}`] = digestFile(step, resolve(cwd, file));
  return inputs;
}

function digestFile(step: string, path: string): string {
  try {
    return digestOf(readFileSync(path), 12);
  } catch (cause) {
    throw new InstallerError('config', `step "${step}": cannot read its file ${path}: ${(cause as Error).message}`, {
      cause,
    });
  }
}
