import type { Outputs } from '../../engine/record.ts';
import type { Step, StepContext } from '../../engine/step.ts';
import { InstallerError } from '../../errors/installer-error.ts';
import type { RetryPolicy } from '../../resilience/policy.ts';
import { observeMissing } from '../observe-missing.ts';
import { type AptPlace, findAptCommands } from './apt-command.ts';
import { installPackages } from './install.ts';
import { findMissing, findRemoved, keepInstalled, parseWish } from './packages.ts';
import { whenUnlocked } from './wait-for-lock.ts';

export interface AptStepSpec extends AptPlace {
  id: string;
  title: string;
  severity?: 'critical' | 'optional';
  packages: readonly string[];
  mirrors: readonly string[];
  recommends?: boolean;
  /** For the guard. */
  policy: Partial<RetryPolicy>;
}

const LOCK_MS = 10 * 60_000;

/** Debian packages that should be installed. Taken back is only what it has installed itself. */
export function aptStep(spec: AptStepSpec): Omit<Step, 'needs'> {
  const { id, title, severity, packages, mirrors, recommends, policy, env = {}, secrets = [] } = spec;
  const wishes = packages.map(parseWish);
  return {
    id,
    title,
    ...(severity === undefined ? {} : { severity }),
    inputs: () => ({ packages: packages.join(' ') }),
    async observe(ctx) {
      const missing = await findMissing(ctx, wishes);
      return observeMissing(ctx, missing, await ownPackages(ctx));
    },
    async apply(ctx) {
      const before = recordedPackages(ctx);
      const installed = await installPackages(ctx, {
        packages,
        mirrors,
        policy,
        env,
        secrets,
        ...(recommends === undefined ? {} : { recommends }),
        remember: (added) => ctx.remember({ installed: [...new Set([...before, ...added])].join(' ') }),
      });
      return { installed: [...new Set([...before, ...installed])].join(' ') };
    },
    async rollback(ctx) {
      await removePackages(ctx, await keepInstalled(ctx, recordedPackages(ctx)));
    },
  };
}

function recordedPackages(ctx: StepContext): readonly string[] {
  const { installed } = ctx.recorded?.outputs ?? {};
  return typeof installed === 'string' ? installed.split(' ').filter(Boolean) : [];
}

async function ownPackages(ctx: StepContext): Promise<Outputs | undefined> {
  const recorded = recordedPackages(ctx);
  return recorded.length === 0 ? undefined : { installed: (await keepInstalled(ctx, recorded)).join(' ') };
}

/** @throws InstallerError `not_ours` when something else needs them now */
async function removePackages(ctx: StepContext, names: readonly string[]): Promise<void> {
  if (names.length === 0) return;
  const apt = await findAptCommands(ctx);
  const simulated = await ctx.query(apt.aptGet(['-s', 'remove', '--', ...names]));
  const others = findRemoved(simulated.stdout).filter((name) => !names.includes(name));
  if (others.length > 0) {
    throw new InstallerError(
      'not_ours',
      `${others.join(', ')} need what this step has installed (${names.join(', ')})`,
      {
        hint: `nothing was removed; remove first what needs it: apt-get remove ${others.join(' ')}`,
      },
    );
  }
  const wait = { deadline: ctx.clock.now() + LOCK_MS, signal: ctx.signal };
  await whenUnlocked(ctx, wait, () => ctx.exec(apt.aptGet(['remove', '--', ...names])));
}
