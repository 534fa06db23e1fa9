import { InstallerError } from '../../errors/installer-error.ts';
import { acquireLock, type LockInfo, listLocks } from '../../state/lock.ts';
import { describeHolder } from '../../state/lock-holder.ts';
import { createConsent } from '../../ui/prompt.ts';
import type { Invocation } from '../program.ts';
import { consentOptions, type Terminal } from '../terminal.ts';
import { findState } from './find-state.ts';

/** `unlock [--list]`: who holds which lock; clears one whose holder is gone. @returns exit code */
export async function unlock({ flags, args }: Invocation, terminal: Terminal): Promise<number> {
  const locks = await listLocks(terminal.home);
  if (flags.list === true) return showLocks(locks, terminal, flags.json === true);
  const paths = await findState(terminal.home, args.plan, flags.cluster as string | undefined);
  const lock = locks.find(({ cluster, plan }) => cluster === paths.cluster && plan === paths.plan);
  if (lock === undefined || lock.state === 'free') {
    terminal.stderr.write('not locked: the next run can start\n');
    return 0;
  }
  if (lock.state === 'held') {
    throw new InstallerError('locked', `a living run holds the lock: ${describe(lock)}`, {
      hint: `it is never taken from a living run; end that one first: kill ${lock.holder?.pid ?? 'PID'}`,
    });
  }
  const question = 'Clear this lock? Its holder is gone, and the next run would not be kept out by it.';
  await createConsent(consentOptions(terminal, flags.yes === true))(question, [describe(lock)]);
  await (await acquireLock(paths, { command: 'unlock' })).release();
  terminal.stderr.write('unlocked\n');
  return 0;
}

function showLocks(locks: readonly LockInfo[], terminal: Terminal, json: boolean): number {
  if (json) terminal.stdout.write(`${JSON.stringify(locks)}\n`);
  else if (locks.length === 0) terminal.stderr.write('no locks\n');
  else {
    for (const lock of locks) {
      terminal.stdout.write(`${lock.cluster}  ${lock.plan}  ${lock.state}  ${describe(lock)}`.trimEnd().concat('\n'));
    }
  }
  return 0;
}

function describe({ holder }: LockInfo): string {
  return holder === undefined ? '' : describeHolder(holder);
}
