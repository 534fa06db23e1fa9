import { classifyError } from '../errors/classify-error.ts';
import { InstallerError, toInstallerError } from '../errors/installer-error.ts';
import type { PackageGround } from '../steps/packages/ground.ts';
import { createChildProcesses } from '../system/child-processes.ts';
import { systemClock } from '../system/clock.ts';
import { runForeground } from '../system/foreground-child.ts';
import { formatError } from '../ui/error.ts';
import { createConsent } from '../ui/prompt.ts';
import { collectSecrets } from './collect-secrets.ts';
import { openGuardSession } from './guard-session.ts';
import type { Invocation } from './program.ts';
import { consentOptions, type Terminal, viewOf } from './terminal.ts';

const GRACE_MS = 5_000;
const QUERY_LIMIT = 8 * 1024 * 1024;

/**
 * Runs a package manager outside any run, as a step of a plan would: its output goes to the terminal as it comes, and
 * its exit code is passed on when it is what failed.
 *
 * @param title of the command, for the report of a CI job
 * @returns exit code
 */
export async function onPackageGround(
  { flags }: Pick<Invocation, 'flags'>,
  terminal: Terminal,
  title: string,
  work: (ground: PackageGround) => Promise<unknown>,
): Promise<number> {
  const { env, stderr } = terminal;
  const quiet = flags.quiet === true;
  const session = openGuardSession(terminal, { title, quiet });
  const processes = createChildProcesses(collectSecrets(env, []));
  const children = Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  const tell = (line: string) => {
    if (!quiet) stderr.write(`${session.mask(line)}\n`);
  };
  const ground: PackageGround = {
    guard: session.guard,
    signal: session.signal,
    clock: systemClock,
    env: children,
    consent: createConsent({ ...consentOptions(terminal, flags.yes === true), signal: session.signal }),
    notice: tell,
    log: () => undefined,
    progress: () => undefined,
    async exec({ file, args = [], env: more, cwd, signal = session.signal }) {
      const result = await runForeground({
        file,
        args,
        env: { ...children, ...more },
        signal,
        graceMs: GRACE_MS,
        stderr,
        interactive: false,
        noInput: true,
        ...(cwd === undefined ? {} : { cwd }),
      });
      if (result.exitCode === 0) return;
      const tail = result.tail.map(session.mask);
      const command = session.mask([file, ...args].join(' '));
      const error = new InstallerError('step_failed', `${file} exited with ${result.exitCode}`, {
        childExit: result.exitCode,
        command,
        tail,
      });
      throw error.with({ class: classifyError(error) });
    },
    async query({ file, args = [], env: more, cwd, signal = session.signal }) {
      const child = await processes.spawn({
        file,
        args,
        env: { ...children, ...more },
        output: { to: 'capture', limit: QUERY_LIMIT },
        ...(cwd === undefined ? {} : { cwd }),
      });
      const end = () => void child.terminate(GRACE_MS);
      if (signal.aborted) end();
      else signal.addEventListener('abort', end, { once: true });
      const result = await child.result.finally(() => signal.removeEventListener('abort', end));
      signal.throwIfAborted();
      return result;
    },
  };
  try {
    await work(ground);
    return 0;
  } catch (thrown) {
    session.signal.throwIfAborted();
    const { childExit } = toInstallerError(thrown).details;
    if (childExit === undefined) throw thrown;
    tellFailure(toInstallerError(thrown), flags.color as boolean | undefined, terminal);
    return childExit;
  } finally {
    await session.close();
  }
}

/** What the child had to say stands above already. */
function tellFailure(error: InstallerError, color: boolean | undefined, terminal: Terminal): void {
  const shown = new InstallerError(error.code, error.message, { ...error.details, tail: [] });
  const view = viewOf(terminal.stderr, terminal, color);
  const columns = terminal.stderr.columns ?? Number.POSITIVE_INFINITY;
  terminal.stderr.write(`${formatError(shown, { ...view, columns })}\n`);
}
