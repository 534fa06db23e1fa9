import type { ConsentOptions } from '../ui/prompt.ts';
import { homeOf, wantsColor } from './environment.ts';
import { isLoss } from './write-now.ts';

/** The process as the commands see it: the only door to `process.*`. */
export interface Terminal {
  env: Readonly<Record<string, string | undefined>>;
  stdin: NodeJS.ReadStream;
  stdout: NodeJS.WriteStream;
  stderr: NodeJS.WriteStream;
  /** Somebody can be asked. */
  interactive: boolean;
  /** $CONTEXTCORE_HOME, or ~/.contextcore. */
  home: string;
  /** Why output on stdout could not be written, when some could not. */
  lost: Error | undefined;
}

export function openTerminal(): Terminal {
  const { stdin, stdout, stderr } = process;
  const env = copyEnvironment();
  const interactive = stdin.isTTY === true && stderr.isTTY === true;
  const terminal: Terminal = { env, stdin, stdout, stderr, interactive, home: homeOf(env), lost: undefined };
  // Output that goes nowhere ends no installation. Node's standard streams forget their errors.
  stderr.on('error', () => undefined);
  stdout.on('error', (error) => {
    if (isLoss(error)) terminal.lost ??= error;
  });
  return terminal;
}

/** A plain copy: looking a variable up in the process's own is a system call each. The launchers' cache is ours alone. */
function copyEnvironment(): Terminal['env'] {
  const { NODE_COMPILE_CACHE: cache, ...env } = process.env;
  return cache === undefined || cache.endsWith('/.cache/compile') ? env : { ...env, NODE_COMPILE_CACHE: cache };
}

/** How a question is asked outside a run. */
export function consentOptions(terminal: Terminal, yes: boolean): ConsentOptions {
  const { stdin, stderr, interactive } = terminal;
  return { yes, stdin, stderr, interactive, reporter: { pause: () => undefined, resume: () => undefined } };
}

/** How text is laid out for one of the two streams. */
export function viewOf(
  stream: NodeJS.WriteStream,
  { env }: Pick<Terminal, 'env'>,
  color: boolean | undefined,
): { color: boolean; columns: number } {
  return { color: wantsColor(color, env, stream.isTTY === true), columns: stream.columns ?? 80 };
}
