import { InstallerError } from '../../errors/installer-error.ts';
import { READINESS } from '../../resilience/policy.ts';
import { awaitReady } from '../../resilience/wait-until.ts';
import { type LookEnv, lookAt } from '../../steps/wait/look-at.ts';
import { LOOK_MS, notReady } from '../../steps/wait/wait-step.ts';
import { describeTarget, parseWaitTarget, type WaitTarget } from '../../steps/wait/wait-target.ts';
import { createChildProcesses } from '../../system/child-processes.ts';
import { systemClock } from '../../system/clock.ts';
import { parseDuration } from '../../ui/duration.ts';
import { collectSecrets } from '../collect-secrets.ts';
import { watchInterrupts } from '../interrupts.ts';
import type { Invocation } from '../program.ts';
import type { Terminal } from '../terminal.ts';

const GRACE_MS = 2_000;
const LONGEST_OUTPUT = 1 << 20;

/**
 * `wait TARGET` or `wait -- COMMAND`: polls until it is ready.
 *
 * @returns exit code 0
 * @throws InstallerError `step_failed` with the last reason when it was not ready in time; `interrupted`
 */
export async function waitCommand(invocation: Invocation, terminal: Terminal): Promise<number> {
  const { flags } = invocation;
  const target = targetOf(invocation);
  const ms = (name: 'timeout' | 'interval') =>
    typeof flags[name] === 'string' ? parseDuration(flags[name], `--${name}`) : undefined;
  const timeoutMs = ms('timeout') ?? READINESS.timeoutMs;
  const intervalMs = ms('interval') ?? READINESS.intervalMs;
  const secrets = collectSecrets(terminal.env, []);
  const processes = createChildProcesses(secrets);
  const interrupts = watchInterrupts(undefined, () => processes.killAll());
  const env: LookEnv = {
    cwd: '.',
    env: terminal.env,
    query: (words, signal) => query(processes, words, terminal, signal),
  };
  const began = systemClock.now();
  let looks = 0;
  const tell = (reason: string) => {
    if (flags.quiet !== true) terminal.stderr.write(secrets.mask(`not ready: ${reason}\n`));
  };
  const look = (signal: AbortSignal) => {
    looks += 1;
    return lookAt(target, env, signal);
  };
  try {
    const options = { clock: systemClock, signal: interrupts.signal, timeoutMs, intervalMs, lookMs: LOOK_MS };
    const seen = await awaitReady(look, { ...options, onReason: tell });
    const waitedMs = systemClock.now() - began;
    if (flags.json === true) {
      const answer = { target: describeTarget(target), ...seen, looks, waited_ms: waitedMs };
      terminal.stdout.write(`${secrets.mask(JSON.stringify(answer))}\n`);
    } else if (seen.ready && flags.quiet !== true) {
      const after = `after ${Math.round(waitedMs / 100) / 10} s`;
      terminal.stderr.write(secrets.mask(`${describeTarget(target)} is ready ${after}: ${seen.answer}\n`));
    }
    if (seen.ready) return 0;
    throw notReady(target, timeoutMs, seen).masked(secrets.mask);
  } finally {
    interrupts.release();
  }
}

function targetOf({ args, rest }: Invocation): WaitTarget {
  const { target } = args;
  if ((target === undefined) === (rest.length === 0)) {
    throw new InstallerError('usage', 'wait takes a target, or a command behind --', {
      hint: 'contextcore-install wait tcp://127.0.0.1:5432',
    });
  }
  return target === undefined ? { kind: 'command', words: rest } : parseWaitTarget(target);
}

/** A short answer of a command, whose descendants end with it. */
async function query(
  processes: ReturnType<typeof createChildProcesses>,
  [file = '', ...args]: readonly string[],
  terminal: Terminal,
  signal: AbortSignal,
) {
  const env = Object.fromEntries(
    Object.entries(terminal.env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
  const child = await processes.spawn({ file, args, env, output: { to: 'capture', limit: LONGEST_OUTPUT } });
  const end = () => void child.terminate(GRACE_MS);
  if (signal.aborted) end();
  else signal.addEventListener('abort', end, { once: true });
  try {
    const result = await child.result;
    if (signal.aborted) await child.terminate(GRACE_MS);
    signal.throwIfAborted();
    return result;
  } finally {
    signal.removeEventListener('abort', end);
  }
}
