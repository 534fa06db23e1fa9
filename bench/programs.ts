import { join } from 'node:path';
import { runChild } from './child.ts';
import { root } from './workspace.ts';

let built: Promise<unknown> | undefined;

/** Builds the programs as the launchers' set-up leaves them, once in a run. */
export async function buildPrograms(): Promise<void> {
  built ??= runChild(process.execPath, ['--disable-warning=ExperimentalWarning', join(root, 'scripts/build.ts')]);
  await built;
}

/** Path of a built program. */
export function programPath(name: 'create-cluster' | 'contextcore-install'): string {
  return join(root, 'dist/cli', `${name}.cjs`);
}
