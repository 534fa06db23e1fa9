import { statSync } from 'node:fs';
import { DEFAULT_CLUSTER } from '../../engine/plan.ts';
import { CREATE_CLUSTER } from '../../plans/create-cluster/plan.ts';
import { type StatePaths, statePaths } from '../../state/paths.ts';

/**
 * The state that a command means by the name of a plan, or by the path of its file or folder.
 *
 * @param cluster from `--cluster`; wins over the file's own
 * @throws InstallerError `usage` for a name that cannot be one, `config` for a plan that cannot be read
 */
export async function findState(
  home: string,
  plan: string | undefined,
  cluster: string | undefined,
): Promise<StatePaths> {
  if (plan === undefined || !isPath(plan)) return statePaths(home, cluster ?? DEFAULT_CLUSTER, plan ?? CREATE_CLUSTER);
  const { loadPlan } = await import('../../plans/user/load-plan.ts');
  const loaded = await loadPlan(plan, cluster);
  return statePaths(home, loaded.plan.cluster, loaded.plan.name);
}

/** A folder needs a slash: one of the plan's name may lie here by chance. */
function isPath(text: string): boolean {
  const found = statSync(text, { throwIfNoEntry: false });
  return found?.isFile() === true || (found?.isDirectory() === true && text.includes('/'));
}
