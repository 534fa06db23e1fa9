import { fingerprint as fingerprintOf } from '../../engine/fingerprint.ts';
import { DEFAULT_CLUSTER } from '../../engine/plan.ts';
import { InstallerError } from '../../errors/installer-error.ts';
import { acquireLock } from '../../state/lock.ts';
import { statePaths } from '../../state/paths.ts';
import { openState, type StateStore } from '../../state/store.ts';
import { runForeground } from '../../system/foreground-child.ts';
import { formatDuration } from '../../ui/format-time.ts';
import { watchInterrupts } from '../interrupts.ts';
import type { Invocation } from '../program.ts';
import type { Terminal } from '../terminal.ts';

const GRACE_MS = 5_000;
const DEFAULT_PLAN = 'checkpoints';

/**
 * `checkpoint NAME -- COMMAND`: runs a command unless the very same one has succeeded under this name before.
 *
 * @returns the exit code of the command; 0 when it is done already
 * @throws InstallerError `locked` while another checkpoint of the same plan runs
 */
export async function checkpoint({ flags, args, rest }: Invocation, terminal: Terminal): Promise<number> {
  const name = args.name ?? '';
  const [file, ...words] = rest;
  const hint = 'contextcore-install checkpoint NAME -- COMMAND';
  if (!/^[a-z0-9][a-z0-9_.-]*$/i.test(name)) {
    const problem = `checkpoint "${name}": a name has letters, digits, "_", "-" and "." only`;
    throw new InstallerError('usage', problem, { hint });
  }
  if (file === undefined) throw new InstallerError('usage', 'checkpoint needs a command behind --', { hint });
  const cluster = (flags.cluster as string | undefined) ?? DEFAULT_CLUSTER;
  const plan = (flags.plan as string | undefined) ?? DEFAULT_PLAN;
  const paths = statePaths(terminal.home, cluster, plan);
  const fingerprint = fingerprintOf({ run: JSON.stringify(rest) });
  const say = (text: string) => flags.quiet === true || terminal.stderr.write(`${name}: ${text}\n`);
  const lock = await acquireLock(paths, { command: `checkpoint ${name}` });
  let state: StateStore | undefined;
  try {
    state = await openState(paths, { cluster, plan });
    const before = state.step(name);
    if (before?.status === 'completed' && before.fingerprint === fingerprint && flags.again !== true) {
      say(`done before (${before.completed_at ?? 'at an unknown time'})`);
      return 0;
    }
    if (before?.status === 'completed' && before.fingerprint !== fingerprint)
      say('the command has changed since: run again');
    return await runRecorded(state, name, fingerprint, { file, words, terminal, say });
  } finally {
    await state?.close();
    await lock.release();
  }
}

async function runRecorded(
  state: StateStore,
  name: string,
  fingerprint: string,
  run: { file: string; words: readonly string[]; terminal: Terminal; say: (text: string) => void },
): Promise<number> {
  const { file, words: args, terminal, say } = run;
  const { env, stderr, interactive } = terminal;
  const interrupts = watchInterrupts(undefined, () => undefined);
  const started = new Date();
  const attempts = (state.step(name)?.attempts ?? 0) + 1;
  const record = (fields: object) => {
    const at = new Date().toISOString();
    return state.record({ at, steps: { [name]: { ...fields, updated_at: at } } });
  };
  // The intent before the effect: a crash in between is found by the next call.
  await record({ status: 'in_progress', started_at: started.toISOString(), completed_at: null, attempts, fingerprint });
  try {
    const { signal } = interrupts;
    const { exitCode } = await runForeground({ file, args, env, signal, graceMs: GRACE_MS, stderr, interactive });
    const duration = Date.now() - started.getTime();
    if (exitCode !== 0) {
      const message = `exited with ${exitCode}`;
      await record({ status: 'failed', duration_ms: duration, error: { code: 'step_failed', message } });
      return exitCode;
    }
    const at = new Date().toISOString();
    await record({ status: 'completed', completed_at: at, duration_ms: duration, error: null });
    say(`done in ${formatDuration(duration)}`);
    return 0;
  } finally {
    interrupts.release();
  }
}
