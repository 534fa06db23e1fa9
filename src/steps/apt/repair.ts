import type { Command } from '../../engine/step.ts';
import { InstallerError, toInstallerError } from '../../errors/installer-error.ts';
import type { PackageGround } from '../packages/ground.ts';
import type { AptCommands } from './apt-command.ts';
import { type Ailment, type Diagnosis, diagnose } from './health.ts';
import { planRestore } from './restore-database.ts';
import { type LockWait, whenUnlocked } from './wait-for-lock.ts';

/** A way to mend the package system. */
interface Remedy {
  /** As it is announced. */
  title: string;
  mends: readonly Ailment[];
  /** What it would throw away; it is asked for before. */
  destroys?: readonly string[];
  commands: readonly Command[];
}

/** From gentle to thorough. */
async function listRemedies(
  ground: PackageGround,
  apt: AptCommands,
  options: readonly string[],
  { ailment, evidence }: Diagnosis,
): Promise<readonly Remedy[]> {
  const { root } = apt;
  const clean = root(
    'sh',
    '-c',
    'rm -rf /var/lib/apt/lists/* /var/cache/apt/pkgcache.bin /var/cache/apt/srcpkgcache.bin',
  );
  const remedies: Remedy[] = [
    {
      title: 'dpkg --configure -a',
      mends: ['unfinished', 'dependencies'],
      commands: [root('dpkg', '--force-confdef', '--force-confold', '--configure', '-a')],
    },
    {
      title: 'apt-get -f install',
      mends: ['unfinished', 'dependencies'],
      commands: [apt.aptGet(['-f', 'install'], options)],
    },
    {
      title: 'the package lists are thrown away and fetched anew',
      mends: ['lists'],
      destroys: ['/var/lib/apt/lists/*', '/var/cache/apt/*pkgcache.bin'],
      commands: [clean],
    },
  ];
  return ailment === 'database' ? [...remedies, ...(await planRestore(ground, apt, evidence))] : remedies;
}

export interface RepairOptions extends LockWait {
  /** Of apt-get, such as those of a mirror. */
  options: readonly string[];
  /** Known from a failure, though no check sees it. */
  suspected?: Diagnosis | undefined;
}

/**
 * Mends the package system until it is healthy: one remedy after the other, from gentle to thorough, each announced,
 * the thorough ones only with consent.
 *
 * @throws InstallerError class `broken_state` when nothing helps; consent refused, as class `cancelled`
 */
export async function mend(ground: PackageGround, apt: AptCommands, wait: RepairOptions): Promise<void> {
  const tried = new Set<string>();
  let suspected = wait.suspected;
  for (;;) {
    const found = (await diagnose(ground, apt)) ?? suspected;
    suspected = undefined;
    if (found === undefined) return;
    const remedies = await listRemedies(ground, apt, wait.options, found);
    const remedy = remedies.find(({ title, mends }) => !tried.has(title) && mends.includes(found.ailment));
    if (remedy === undefined) throw unrepaired(found, [...tried]);
    tried.add(remedy.title);
    await consentTo(ground, remedy, found);
    ground.notice(`${found.evidence}; repair: ${remedy.title}`, 'warning');
    ground.log(`repair: ${remedy.title}`);
    await apply(ground, remedy, wait);
  }
}

async function consentTo(ground: PackageGround, { title, destroys }: Remedy, { evidence }: Diagnosis): Promise<void> {
  if (destroys === undefined) return;
  try {
    await ground.consent(`the package system is broken; may it be repaired: ${title}?`, [evidence, ...destroys]);
  } catch (thrown) {
    throw toInstallerError(thrown).with({ class: 'cancelled', exhausted: true });
  }
}

async function apply(ground: PackageGround, remedy: Remedy, wait: RepairOptions): Promise<void> {
  try {
    for (const command of remedy.commands) {
      await whenUnlocked(ground, wait, () => ground.exec({ ...command, signal: wait.signal }));
    }
  } catch (thrown) {
    wait.signal.throwIfAborted();
    const error = toInstallerError(thrown);
    if (error.class === 'lock_held' || error.class === 'disk_full') throw error;
    // The next look tells whether it has helped all the same.
    ground.log(`repair: ${remedy.title}: ${error.message}`);
  }
}

function unrepaired({ ailment, evidence }: Diagnosis, tried: readonly string[]): InstallerError {
  const what = tried.length === 0 ? '' : `, and this did not mend it: ${tried.join('; ')}`;
  return new InstallerError('step_failed', `the package system is broken (${evidence})${what}`, {
    class: 'broken_state',
    exhausted: true,
    hint:
      ailment === 'unfinished'
        ? 'its own script fails: see what it says above, mend that, then: dpkg --configure -a'
        : 'mend it by hand, then run the same command again',
  });
}
