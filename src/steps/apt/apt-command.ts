import type { Command } from '../../engine/step.ts';
import { InstallerError } from '../../errors/installer-error.ts';
import type { CommandPlace } from '../command.ts';
import type { PackageGround } from '../packages/ground.ts';

/** What the programs are given besides our own environment. */
export type AptPlace = Pick<CommandPlace, 'env' | 'secrets'>;

/** Makes commands that may change the system: nobody is asked anything, and what they say is English. */
export interface AptCommands {
  /** @param options further ones, such as those of a mirror */
  aptGet(words: readonly string[], options?: readonly string[]): Command;
  /** Any other program, with the same rights and environment. */
  root(file: string, ...args: readonly string[]): Command;
}

const ENVIRONMENT = { DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C.UTF-8', UCF_FORCE_CONFFOLD: '1' };

const OPTIONS = [
  // We wait for locks, and say for whom.
  ['DPkg::Lock::Timeout', '0'],
  // A changed configuration file is kept as it is.
  ['Dpkg::Options::', '--force-confdef'],
  ['Dpkg::Options::', '--force-confold'],
  // Without it, an update that got nothing succeeds.
  ['APT::Update::Error-Mode', 'any'],
  // Nothing is retried in two places.
  ['Acquire::Retries', '0'],
].flatMap(([key, value]) => ['-o', `${key}=${value}`]);

/**
 * @throws InstallerError `preflight_failed` when apt is not here, or nobody here may change the system
 */
export async function findAptCommands(
  ground: Pick<PackageGround, 'query'>,
  { env: more = {}, secrets = [] }: AptPlace = {},
): Promise<AptCommands> {
  const { exitCode, stdout } = await ground.query({ file: 'sh', args: ['-c', 'command -v apt-get dpkg && id -u'] });
  if (exitCode !== 0) {
    throw new InstallerError('preflight_failed', 'there is no apt-get here: this is no Debian or Ubuntu', {
      class: 'not_runnable',
    });
  }
  const isRoot = stdout.trim().endsWith('\n0');
  if (!isRoot) await checkSudo(ground);
  const env = { ...more, ...ENVIRONMENT };
  const words = Object.entries(env).map(([key, value]) => `${key}=${value}`);
  const kept = secrets.length === 0 ? [] : [`--preserve-env=${secrets.join(',')}`];
  const root = (file: string, ...args: readonly string[]): Command =>
    isRoot
      ? { file, args, env, secrets }
      : { file: 'sudo', args: ['-n', ...kept, 'env', ...words, file, ...args], secrets };
  return { root, aptGet: (words, options = []) => root('apt-get', '-y', ...OPTIONS, ...options, ...words) };
}

async function checkSudo(ground: Pick<PackageGround, 'query'>): Promise<void> {
  const { exitCode, stderr } = await ground.query({
    file: 'sh',
    args: ['-c', 'command -v sudo >/dev/null || exit 127; exec sudo -n true'],
    env: { LC_ALL: 'C.UTF-8' },
  });
  if (exitCode === 0) return;
  const said = stderr.trim().split('\n').at(-1) ?? '';
  const why = exitCode === 127 ? 'there is no sudo here' : said || 'sudo does not work';
  throw new InstallerError('preflight_failed', `only root may install packages, and ${why}`, {
    class: 'unauthorized',
    hint: 'run the same command as root, or let sudo work without a password',
  });
}
