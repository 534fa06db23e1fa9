import { closeSync, openSync, readSync } from 'node:fs';
import { extname, resolve } from 'node:path';
import type { Step } from '../engine/step.ts';
import { InstallerError } from '../errors/installer-error.ts';
import type { RetryPolicy } from '../resilience/policy.ts';
import { type CommandPlace, commandPolicy, declaredInputs, toCommand } from './command.ts';

export interface ScriptStepSpec extends CommandPlace {
  id: string;
  title: string;
  /** Path, relative to `cwd`. */
  file: string;
  args: readonly string[];
  /** Words of the program that runs it. Default: what its first line says, else what its ending tells. */
  interpreter?: readonly string[];
  severity?: 'critical' | 'optional';
  policy?: Partial<RetryPolicy>;
}

const BY_ENDING: Readonly<Record<string, string>> = {
  '.bash': 'bash',
  '.zsh': 'zsh',
  '.py': 'python3',
  '.js': 'node',
  '.mjs': 'node',
  '.cjs': 'node',
  '.ts': 'node',
  '.rb': 'ruby',
  '.pl': 'perl',
};
/** The kernel reads no more of a first line (BINPRM_BUF_SIZE). */
const LONGEST_FIRST_LINE = 256;

/** A step that runs a script. It need not be executable. Its content is an input, beside its arguments and environment. */
export function scriptStep(spec: ScriptStepSpec): Omit<Step, 'needs'> {
  const { id, title, file, args, interpreter, severity, policy, cwd } = spec;
  const path = resolve(cwd, file);
  return {
    id,
    title,
    ...(severity === undefined ? {} : { severity }),
    ...(policy === undefined ? {} : { policy: commandPolicy(policy) }),
    inputs: () => ({
      script: JSON.stringify([...(interpreter ?? []), file, ...args]),
      ...declaredInputs(id, spec, [file]),
    }),
    apply: async (ctx) => {
      await ctx.exec(toCommand([...(interpreter ?? interpreterOf(path)), path, ...args], spec));
      return undefined;
    },
  };
}

/**
 * What runs a script: its first line as the kernel reads it (everything behind the program is one argument), else by its
 * ending, else `sh`.
 *
 * @throws InstallerError `config` when the file cannot be read
 */
export function interpreterOf(path: string): readonly string[] {
  const [, program, argument] = /^#!\s*(\S+)[ \t]*(.*?)\s*$/.exec(firstLine(path)) ?? [];
  if (program === undefined) return [BY_ENDING[extname(path).toLowerCase()] ?? 'sh'];
  return argument ? [program, argument] : [program];
}

function firstLine(path: string): string {
  const buffer = Buffer.alloc(LONGEST_FIRST_LINE);
  try {
    const file = openSync(path, 'r');
    try {
      return buffer.toString('utf8', 0, readSync(file, buffer)).split('\n', 1)[0] ?? '';
    } finally {
      closeSync(file);
    }
  } catch (cause) {
    throw new InstallerError('config', `the script ${path} cannot be read: ${(cause as Error).message}`, { cause });
  }
}
