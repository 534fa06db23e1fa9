import { resolve } from 'node:path';
import { InstallerError } from '../../errors/installer-error.ts';
import { pipInstall } from '../../steps/pip/install.ts';
import { onPackageGround } from '../package-ground.ts';
import type { Invocation } from '../program.ts';
import { retryChanges } from '../retry-flags.ts';
import type { Terminal } from '../terminal.ts';

/** `pip install [flags] [PACKAGES...] [-- FLAGS OF PIP]` @returns exit code, of pip or uv where that is what failed */
export async function pipCommandInstall(invocation: Invocation, terminal: Terminal): Promise<number> {
  const { flags, list, rest } = invocation;
  const policy = retryChanges(flags);
  const requirements = (flags.requirement ?? []) as readonly string[];
  if (list.length + requirements.length === 0) {
    throw new InstallerError('usage', 'pip install needs packages, or --requirement FILE');
  }
  const { venv } = flags;
  return await onPackageGround(invocation, terminal, `pip install ${list.join(' ')}`.trim(), (ground) =>
    pipInstall(ground, {
      packages: list,
      requirements,
      args: rest,
      indexes: (flags['index-url'] ?? []) as readonly string[],
      breakSystem: flags['break-system-packages'] === true,
      cwd: resolve('.'),
      ...(venv === undefined ? {} : { venv: String(venv) }),
      policy,
    }),
  );
}
