import { InstallerError, toInstallerError } from '../../errors/installer-error.ts';
import { type Holder, holderOf } from '../../errors/lock-holder.ts';
import type { PackageGround } from '../packages/ground.ts';

const POLL_MS = 2_000;
/** Left for the last try, which takes a busy machine more than a second, before the time of the attempt is up. */
const MARGIN_MS = 3_000;

export interface LockWait {
  /** Milliseconds since the epoch. */
  deadline: number;
  signal: AbortSignal;
}

/**
 * Runs apt or dpkg once nobody else is at it. Waiting for another installation is no failed attempt, so it is not
 * counted as one.
 *
 * @throws InstallerError class `lock_held` naming the holder when the deadline comes first; what `run` throws
 */
export async function whenUnlocked<T>(
  ground: Pick<PackageGround, 'clock' | 'notice' | 'progress'>,
  { deadline, signal }: LockWait,
  run: () => Promise<T>,
): Promise<T> {
  let told: string | undefined;
  const began = ground.clock.now();
  for (;;) {
    try {
      return await run();
    } catch (thrown) {
      const error = toInstallerError(thrown);
      signal.throwIfAborted();
      if (error.class !== 'lock_held') throw thrown;
      const who = describe(holderOf((error.details.tail ?? []).join('\n')));
      const left = deadline - MARGIN_MS - ground.clock.now();
      if (left <= 0) throw stillHeld(error, who, ground.clock.now() - began);
      if (who !== told) ground.notice(`${who}: waiting until it is done`);
      told = who;
      ground.progress(`${who}: waiting until it is done`);
      await ground.clock.sleep(Math.min(POLL_MS, left), signal);
    }
  }
}

function describe({ pid, program, lock = 'the lock of apt' }: Holder = {}): string {
  if (pid === undefined) return `another process holds ${lock}`;
  return program === undefined ? `process ${pid} holds ${lock}` : `${program} (process ${pid}) holds ${lock}`;
}

function stillHeld(error: InstallerError, who: string, waitedMs: number): InstallerError {
  return new InstallerError('step_failed', `${who}, and did not let go of it within ${Math.round(waitedMs / 1000)} s`, {
    ...error.details,
    class: 'lock_held',
    exhausted: true,
    hint: 'let that process finish, or end it, and run the same command again; a longer budget waits for longer',
  });
}
