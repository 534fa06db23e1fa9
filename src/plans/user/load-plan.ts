import { statSync } from 'node:fs';
import { InstallerError } from '../../errors/installer-error.ts';
import { CREATE_CLUSTER } from '../create-cluster/plan.ts';
import { type LoadedPlan, loadPlanFile } from './plan-file.ts';
import { loadScriptFolder } from './script-folder.ts';

/**
 * Reads a user's own plan: a YAML file, or a folder of numbered scripts.
 *
 * @param secrets from `--secret`: numbered scripts declare none of their own, and are given these
 * @throws InstallerError `config` naming the file and what is wrong with it
 */
export async function loadPlan(path: string, cluster?: string, secrets: readonly string[] = []): Promise<LoadedPlan> {
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  const loaded = isFolder ? loadScriptFolder(path, cluster, secrets) : await loadPlanFile(path, cluster);
  if (loaded.plan.name === CREATE_CLUSTER) {
    throw new InstallerError('config', `${path}: the name ${CREATE_CLUSTER} is the installer's own`, {
      hint: 'give the plan another one: a line "name: my-plan" in the file, or another name of the file or folder',
    });
  }
  return loaded;
}
