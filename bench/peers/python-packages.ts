import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram, runChild } from '../child.ts';
import { cacheFolder, type Workspace } from '../workspace.ts';

/**
 * A program from the PATH, else from PyPI in a virtual environment that is kept in the clone's cache.
 *
 * @returns its path, or undefined where neither is to be had
 */
export async function obtain(workspace: Workspace, program: string, requirement: string): Promise<string | undefined> {
  const found = findProgram(program);
  if (found !== undefined) return found;
  const folder = join(cacheFolder, requirement);
  const path = join(folder, 'bin', program);
  if (existsSync(join(folder, 'complete'))) return path;
  workspace.progress(`fetching ${requirement} from PyPI`);
  try {
    rmSync(folder, { recursive: true, force: true });
    await runChild('python3', ['-m', 'venv', folder]);
    await runChild(join(folder, 'bin/pip'), ['install', '--quiet', requirement]);
    writeFileSync(join(folder, 'complete'), '');
    return path;
  } catch (thrown) {
    workspace.progress(`${program} is left out: ${thrown instanceof Error ? thrown.message : String(thrown)}`);
    return undefined;
  }
}
