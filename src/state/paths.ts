import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { InstallerError } from '../errors/installer-error.ts';

/** Plan whose state the link in the home points to. */
const LINKED_PLAN = 'create-cluster';
// No flag i: the first expression with one makes V8 load the tables of all letters, half a millisecond of a status.
const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,99}$/;

/** Where one plan on one cluster keeps its files. Absolute when `home` is. */
export interface StatePaths {
  home: string;
  cluster: string;
  plan: string;
  /** Holds all that follows but the link. */
  folder: string;
  /** The readable document. */
  state: string;
  journal: string;
  lock: string;
  history: string;
  /** Folder of the steps' output. */
  logs: string;
  /** $CONTEXTCORE_HOME/install-state.json; only the plan create-cluster has it. */
  link?: string;
}

/**
 * Names every file of a plan's state on a cluster; touches nothing.
 *
 * @param home $CONTEXTCORE_HOME
 * @throws InstallerError `usage` for a name that cannot be a folder's
 */
export function statePaths(home: string, cluster: string, plan: string): StatePaths {
  for (const [what, name] of [
    ['cluster', cluster],
    ['plan', plan],
  ] as const) {
    if (NAME.test(name)) continue;
    throw new InstallerError('usage', `${what} name "${name}" may hold letters, digits, "_", "-" and "." only`);
  }
  const folder = join(stateRoot(home), cluster, plan);
  return {
    home,
    cluster,
    plan,
    folder,
    state: join(folder, 'install-state.json'),
    journal: join(folder, 'install-state.journal'),
    lock: join(folder, 'lock'),
    history: join(folder, 'history.jsonl'),
    logs: join(folder, 'logs'),
    ...(plan === LINKED_PLAN ? { link: join(home, 'install-state.json') } : {}),
  };
}

/** The folder that holds one folder per cluster, and in it one per plan. */
export function stateRoot(home: string): string {
  return join(home, 'state');
}

/** Every plan on every cluster that has a state folder in this home, in the order of their names. */
export function listStates(home: string): readonly StatePaths[] {
  return foldersIn(stateRoot(home)).flatMap((cluster) =>
    foldersIn(join(stateRoot(home), cluster)).map((plan) => statePaths(home, cluster, plan)),
  );
}

function foldersIn(folder: string): readonly string[] {
  try {
    const entries = readdirSync(folder, { withFileTypes: true });
    return entries.flatMap((entry) => (entry.isDirectory() && NAME.test(entry.name) ? [entry.name] : [])).sort();
  } catch {
    // No such folder: nothing was ever recorded.
    return [];
  }
}
