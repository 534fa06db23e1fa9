import { installPackages } from '../../steps/apt/install.ts';
import { onPackageGround } from '../package-ground.ts';
import type { Invocation } from '../program.ts';
import { retryChanges } from '../retry-flags.ts';
import type { Terminal } from '../terminal.ts';

/** `apt install [flags] PACKAGES...` @returns exit code, of apt-get where that is what failed */
export async function aptInstall(invocation: Invocation, terminal: Terminal): Promise<number> {
  const { flags, list } = invocation;
  const policy = retryChanges(flags);
  const { recommends } = flags;
  return await onPackageGround(invocation, terminal, `apt install ${list.join(' ')}`, (ground) =>
    installPackages(ground, {
      packages: list,
      mirrors: (flags.mirror ?? []) as readonly string[],
      policy,
      ...(typeof recommends === 'boolean' ? { recommends } : {}),
    }),
  );
}
