import { stripVTControlCharacters } from 'node:util';
import type { ErrorClass } from './error-class.ts';
import { EVIDENCE, type Evidence } from './evidence.ts';
import { InstallerError } from './installer-error.ts';

/** What is left of a child that failed. */
export interface ChildEvidence {
  /** Name or path of the program; without it exit codes that only one program uses say nothing. */
  program?: string;
  exitCode?: number;
  /** Both streams, or their last lines. */
  output: string;
}

const DEEPEST = 5;
/** A failure is explained near the end. */
const OUTPUT_LIMIT = 64 * 1024;

/**
 * What a failure most likely is: the class that an {@link InstallerError} on the way down its causes already has, else
 * codes and names of these errors, else the child whose output the error carries.
 */
export function classifyError(thrown: unknown): ErrorClass {
  for (let error = thrown, depth = 0; error instanceof Error && depth < DEEPEST; error = error.cause, depth += 1) {
    if (error instanceof InstallerError && error.details.class !== undefined) return error.details.class;
    const { code, name, syscall } = error as NodeJS.ErrnoException;
    const found = byCode(EVIDENCE, code, syscall) ?? byCode(EVIDENCE, name);
    if (found !== undefined) return found;
  }
  if (!(thrown instanceof InstallerError)) return 'unknown';
  const { command, childExit, tail = [] } = thrown.details;
  return classifyOutput({
    ...(command === undefined ? {} : { program: command.split(' ', 1)[0] ?? '' }),
    ...(childExit === undefined ? {} : { exitCode: childExit }),
    output: tail.join('\n'),
  });
}

/** What the failure of a child most likely is, by its output, else by its exit code. */
export function classifyOutput(child: ChildEvidence): ErrorClass {
  return weigh(child) ?? 'unknown';
}

/** Class of an HTTP answer that is not a success. */
export function classifyStatus(status: number): ErrorClass {
  return byStatus(EVIDENCE, status) ?? 'unknown';
}

/**
 * The class that a table gives to a child's failure.
 *
 * @param table in place of the product's own, for a test of its rows
 * @returns undefined when no row fits
 */
export function weigh({ program, exitCode, output }: ChildEvidence, table = EVIDENCE): ErrorClass | undefined {
  const text = stripVTControlCharacters(output.slice(-OUTPUT_LIMIT));
  for (const row of table) {
    if (!('output' in row)) continue;
    const match = row.output.exec(text);
    if (match === null) continue;
    const found = 'class' in row ? row.class : named(table, row, match[1] ?? '', text);
    if (found !== undefined) return found;
  }
  return exitCode === undefined ? undefined : byExit(table, exitCode, baseName(program));
}

type Naming = Extract<Evidence, { names: string }>;

function named(table: readonly Evidence[], row: Naming, value: string, text: string): ErrorClass | undefined {
  if (row.names === 'status') return byStatus(table, Number(value));
  if (row.names === 'exit') return byExit(table, Number(value), row.program);
  return byCode(table, value, /\bsyscall:? '?(\w+)/.exec(text)?.[1]);
}

function byCode(table: readonly Evidence[], code: unknown, syscall?: string): ErrorClass | undefined {
  if (typeof code !== 'string') return undefined;
  for (const row of table) {
    if (!('code' in row)) continue;
    if (row.syscall !== undefined && syscall?.split(' ', 1)[0] !== row.syscall) continue;
    if (typeof row.code === 'string' ? row.code === code : row.code.test(code)) return row.class;
  }
  return undefined;
}

function byStatus(table: readonly Evidence[], status: number): ErrorClass | undefined {
  for (const row of table) {
    if (!('status' in row)) continue;
    const [first, last] = typeof row.status === 'number' ? [row.status, row.status] : row.status;
    if (first <= status && status <= last) return row.class;
  }
  return undefined;
}

function byExit(table: readonly Evidence[], exit: number, program: string | undefined): ErrorClass | undefined {
  for (const row of table) {
    if ('exit' in row && row.exit === exit && (row.program ?? program) === program) return row.class;
  }
  return undefined;
}

/** `/usr/bin/apt-get` is apt. */
function baseName(program = ''): string {
  const name = program.slice(program.lastIndexOf('/') + 1);
  return name === 'apt-get' ? 'apt' : name;
}
