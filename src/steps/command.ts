import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Inputs } from '../engine/record.ts';
import type { Command, Step } from '../engine/step.ts';
import { InstallerError } from '../errors/installer-error.ts';
import type { RetryPolicy } from '../resilience/policy.ts';

/** A shell command (run by `sh -c`), or the words of a command that no shell touches. */
export type CommandLine = string | readonly string[];

export interface CommandStepSpec {
  id: string;
  title: string;
  run: CommandLine;
  /** Exits with 0 when the step's effect is there. */
  check?: CommandLine;
  /** Default: `run`. */
  repair?: CommandLine;
  rollback?: CommandLine;
  cwd: string;
  env?: Readonly<Record<string, string>>;
  secrets?: readonly string[];
  /** Files, relative to `cwd`, whose contents belong to the inputs. */
  files?: readonly string[];
  severity?: 'critical' | 'optional';
  policy?: Partial<RetryPolicy>;
}

/** A step that is a command. Its inputs are the commands themselves, the declared environment and the declared files. */
export function commandStep(spec: CommandStepSpec): Omit<Step, 'needs'> {
  const { id, title, run, check, repair, rollback, severity, policy } = spec;
  const command = (line: CommandLine): Command => toCommand(line, spec);
  return {
    id,
    title,
    ...(severity === undefined ? {} : { severity }),
    ...(policy === undefined ? {} : { policy }),
    inputs: () => inputsOf(spec),
    ...(check === undefined
      ? {}
      : {
          observe: async (ctx) => {
            const { exitCode, stderr } = await ctx.query(command(check));
            if (exitCode === 0) return { state: 'present' };
            // 126 and 127 (POSIX shells): the check could not be run, so it says nothing.
            if (exitCode === null || exitCode === 126 || exitCode === 127) {
              return {
                state: 'unknown',
                reason: `its check could not be run: ${stderr.trim().split('\n').at(-1) ?? ''}`,
              };
            }
            return {
              state: ctx.recorded?.status === 'completed' ? 'unhealthy' : 'absent',
              reason: `check exited with ${exitCode}`,
            };
          },
        }),
    apply: async (ctx) => {
      await ctx.exec(command(run));
      return undefined;
    },
    ...(repair === undefined
      ? {}
      : {
          repair: async (ctx) => {
            await ctx.exec(command(repair));
            return undefined;
          },
        }),
    ...(rollback === undefined ? {} : { rollback: (ctx) => ctx.exec(command(rollback)) }),
  };
}

function toCommand(line: CommandLine, { cwd, env, secrets }: CommandStepSpec): Command {
  const [file = 'sh', ...args] = typeof line === 'string' ? ['sh', '-c', line] : line;
  return { file, args, cwd, ...(env === undefined ? {} : { env }), ...(secrets === undefined ? {} : { secrets }) };
}

function inputsOf({ id, run, cwd, env, files }: CommandStepSpec): Inputs {
  const inputs: Inputs = { run: typeof run === 'string' ? run : JSON.stringify(run) };
  for (const [name, value] of Object.entries(env ?? {})) inputs[`env ${name}`] = digest(value);
  for (const file of files ?? []) inputs[`file ${file}`] = digestFile(id, resolve(cwd, file));
  return inputs;
}

function digestFile(step: string, path: string): string {
  try {
    return digest(readFileSync(path));
  } catch (cause) {
    throw new InstallerError('config', `step "${step}": cannot read its file ${path}: ${(cause as Error).message}`, {
      cause,
    });
  }
}

function digest(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex').slice(0, 12);
}
