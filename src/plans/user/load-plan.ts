import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { InstallerError } from '../../errors/installer-error.ts';
import { CREATE_CLUSTER } from '../create-cluster/plan.ts';
import type { LoadedPlan } from './loaded-plan.ts';
import { loadPlanFile } from './plan-file.ts';
import { loadScriptFolder } from './script-folder.ts';

const MANIFESTS = ['modules.yaml', 'modules.yml', 'modules.json'] as const;

/**
 * Reads a user's own plan: a YAML file with steps or modules, or a folder with a module manifest or numbered scripts.
 *
 * @param secrets from `--secret`: numbered scripts declare none of their own, and are given these
 * @throws InstallerError `config` naming the file and what is wrong with it
 */
export async function loadPlan(path: string, cluster?: string, secrets: readonly string[] = []): Promise<LoadedPlan> {
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  const file = isFolder ? manifestIn(path) : path;
  const loaded = file === undefined ? loadScriptFolder(path, cluster, secrets) : await loadPlanFile(file, cluster);
  if (loaded.plan.name === CREATE_CLUSTER) {
    throw new InstallerError('config', `${path}: the name ${CREATE_CLUSTER} is the installer's own`, {
      hint: 'give the plan another one: a line "name: my-plan" in the file, or another name of the file or folder',
    });
  }
  return loaded;
}

/** The manifest of a folder; undefined when it has none. */
function manifestIn(folder: string): string | undefined {
  return MANIFESTS.map((name) => join(folder, name)).find((path) => existsSync(path));
}
