import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InstallerError, toInstallerError } from '../../errors/installer-error.ts';
import type { RetryPolicy } from '../../resilience/policy.ts';
import type { PackageGround } from '../packages/ground.ts';
import { attemptDeadline, packagePolicy } from '../packages/policy.ts';
import { type AptCommands, type AptPlace, findAptCommands } from './apt-command.ts';
import { type Diagnosis, diagnose } from './health.ts';
import { findNew, keepInstalled, parseWish } from './packages.ts';
import { mend } from './repair.ts';
import { type AptSource, listSources } from './sources.ts';
import { type LockWait, whenUnlocked } from './wait-for-lock.ts';

export interface AptWishes extends AptPlace {
  /** As apt-get takes them: names, `name=version`. None: the lists are updated, no more. */
  packages: readonly string[];
  /** In their order, behind the user's own sources. */
  mirrors: readonly string[];
  /** Whether recommended packages are installed, too. Default: as the system is configured. */
  recommends?: boolean;
  policy: Partial<RetryPolicy>;
  /** Told before anything is installed which packages that were not here will be, so that they can be taken back. */
  remember?: (packages: readonly string[]) => Promise<void>;
}

/**
 * `apt-get update` and `apt-get install`, until they work: waits for whoever holds the lock, mends the package system
 * first, falls back to mirrors.
 *
 * @returns packages that were not here before, dependencies included
 * @throws InstallerError of the last attempt
 */
export async function installPackages(ground: PackageGround, wishes: AptWishes): Promise<readonly string[]> {
  for (const text of wishes.packages) parseWish(text);
  const apt = await findAptCommands(ground, wishes);
  const folder = await mkdtemp(join(tmpdir(), 'contextcore-apt-'));
  await chmod(folder, 0o755);
  const added = new Set<string>();
  const began = ground.clock.now();
  let suspected: Diagnosis | undefined;
  try {
    const sources = await listSources(ground, wishes.mirrors, folder);
    const policy = packagePolicy(wishes.policy, sources.length);
    await ground.guard.callAny(
      `apt:${sources[0]?.target.name}`,
      sources,
      async (source, { signal }) => {
        const wait = { signal, deadline: attemptDeadline(policy, began, ground.clock.now()) };
        try {
          await mend(ground, apt, { ...wait, options: source.options, suspected });
          suspected = undefined;
          await updateAndInstall(ground, apt, source, wishes, wait, added);
        } catch (thrown) {
          const error = await judge(ground, apt, thrown);
          suspected = suspect(error);
          throw error;
        }
      },
      {
        policy,
        verified: sources.every(({ signed }) => signed),
        between: (failure, signal) => cleanUp(ground, apt, failure.class, signal),
        signal: ground.signal,
      },
    );
    return await keepInstalled(ground, [...added]);
  } finally {
    // What apt has put there belongs to root.
    const removed = rm(folder, { recursive: true, force: true });
    await removed.catch(() => ground.query(apt.root('rm', '-rf', folder))).catch(() => undefined);
  }
}

async function updateAndInstall(
  ground: PackageGround,
  apt: AptCommands,
  { options, id }: AptSource,
  { packages, recommends, remember }: AptWishes,
  wait: LockWait,
  added: Set<string>,
): Promise<void> {
  const { signal } = wait;
  const run = (words: readonly string[]) =>
    whenUnlocked(ground, wait, () => ground.exec({ ...apt.aptGet(words, options), signal }).catch(inItsWords));
  ground.progress(`apt-get update (${id})`);
  await run(['-q', 'update']);
  if (packages.length === 0) return;
  const flags = recommends === undefined ? [] : [recommends ? '--install-recommends' : '--no-install-recommends'];
  const words = [...flags, 'install', '--', ...packages];
  const simulated = await ground.query({ ...apt.aptGet(['-s', ...words], options), signal });
  for (const name of findNew(simulated.stdout)) added.add(name);
  await remember?.([...added]);
  ground.progress(`apt-get install ${packages.join(' ')} (${id})`);
  await run(['-q', ...words]);
}

/** apt-get's exit code says nothing; its first error does. */
function inItsWords(thrown: unknown): never {
  const error = toInstallerError(thrown);
  const said = error.details.tail?.find((line) => /^E: (?!Sub-process)/.test(line));
  if (said === undefined || error.details.childExit === undefined) throw thrown;
  throw new InstallerError(error.code, said.slice('E: '.length).replaceAll(/\s+/g, ' ').trim(), error.details);
}

/** A package's own script may say anything when it fails: a look at dpkg tells what it has left behind. */
async function judge(ground: PackageGround, apt: AptCommands, thrown: unknown): Promise<InstallerError> {
  ground.signal.throwIfAborted();
  const error = toInstallerError(thrown);
  if (error.details.exhausted === true || error.details.childExit === undefined) return error;
  const found = await diagnose(ground, apt).catch(() => undefined);
  return found === undefined
    ? error
    : new InstallerError(error.code, error.message, { ...error.details, class: 'broken_state' });
}

/** An interrupted dpkg shows itself only to those who have its lock: what apt-get said is believed. */
function suspect(error: InstallerError): Diagnosis | undefined {
  if (error.class !== 'broken_state' || error.details.exhausted === true) return undefined;
  const said = error.details.tail?.findLast((line) => line.startsWith('E: '))?.slice(3) ?? error.message;
  return { ailment: /list|index|cache file/i.test(said) ? 'lists' : 'unfinished', evidence: said.trim() };
}

/** Half an index, or half a package, must not be gone on with. */
async function cleanUp(
  ground: PackageGround,
  apt: AptCommands,
  errorClass: string,
  signal: AbortSignal,
): Promise<void> {
  if (errorClass !== 'checksum') return;
  ground.notice('what was fetched does not have the checksum that was promised: partial files are removed', 'warning');
  ground.log('repair: partial lists and packages are removed');
  const remove = 'rm -f /var/lib/apt/lists/partial/* /var/cache/apt/archives/partial/*';
  await ground.query({ ...apt.root('sh', '-c', remove), signal });
}
