import { basename } from 'node:path';
import { RETRYABLE_CLASSES } from '../../errors/error-class.ts';
import { InstallerError } from '../../errors/installer-error.ts';
import type { ProfileName } from '../../resilience/policy.ts';
import { runForeground } from '../../system/foreground-child.ts';
import { openGuardSession } from '../guard-session.ts';
import type { Invocation } from '../program.ts';
import { retryChanges } from '../retry-flags.ts';
import type { Terminal } from '../terminal.ts';

const GRACE_MS = 5_000;

/** `retry [flags] -- COMMAND...` @returns the exit code of the command's last try */
export async function retryCommand({ flags, rest }: Invocation, terminal: Terminal): Promise<number> {
  const [file, ...args] = rest;
  if (file === undefined) {
    throw new InstallerError('usage', 'retry needs a command behind --', {
      hint: 'contextcore-install retry -- COMMAND',
    });
  }
  const changes = retryChanges(flags);
  const profile = (flags.kind as ProfileName | undefined) ?? 'install';
  const name = (flags.target as string | undefined) ?? basename(file);
  const quiet = flags.quiet === true;
  const session = openGuardSession(terminal, { title: `retry ${name}`, quiet });
  let exitCode: number | undefined;
  try {
    return await session.guard.call(
      { kind: 'command', name },
      async ({ signal }) => {
        exitCode = undefined;
        const { env, stderr, interactive } = terminal;
        const result = await runForeground({ file, args, env, signal, graceMs: GRACE_MS, stderr, interactive });
        if (result.exitCode === 0) return 0;
        exitCode = result.exitCode;
        throw new InstallerError('step_failed', `${name} exited with ${exitCode}`, {
          command: file,
          childExit: exitCode,
          tail: result.tail.map(session.mask),
        });
      },
      // Whatever a program's failure looks like: only what is known to be for good is not tried again.
      {
        profile,
        breaker: flags.target !== undefined,
        policy: { ...changes, retryOn: RETRYABLE_CLASSES },
        signal: session.signal,
      },
    );
  } catch (thrown) {
    session.signal.throwIfAborted();
    // What it had to say stands above already; its exit code says the rest.
    if (exitCode !== undefined && thrown instanceof InstallerError && thrown.details.childExit === exitCode)
      return exitCode;
    throw thrown;
  } finally {
    await session.close();
  }
}
