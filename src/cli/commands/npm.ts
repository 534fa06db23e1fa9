import { resolve } from 'node:path';
import { npmInstall } from '../../steps/npm/install.ts';
import { onPackageGround } from '../package-ground.ts';
import type { Invocation } from '../program.ts';
import { retryChanges } from '../retry-flags.ts';
import type { Terminal } from '../terminal.ts';

/** `npm install [flags] [PACKAGES...] [-- FLAGS OF NPM]` @returns exit code, of npm where that is what failed */
export async function npmCommandInstall(invocation: Invocation, terminal: Terminal): Promise<number> {
  const { flags, list, rest } = invocation;
  const policy = retryChanges(flags);
  return await onPackageGround(invocation, terminal, `npm install ${list.join(' ')}`.trim(), (ground) =>
    npmInstall(ground, {
      packages: list,
      args: rest,
      registries: (flags.registry ?? []) as readonly string[],
      cwd: resolve('.'),
      policy,
    }),
  );
}
