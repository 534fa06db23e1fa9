import { DEFAULT_CLUSTER } from '../engine/plan.ts';

/** Which installation a command to type is for. */
export interface CommandTarget {
  cluster: string;
  /** Name of the plan. */
  plan?: string | undefined;
  /** Path of a user's plan. */
  planPath?: string | undefined;
}

export type Verb = 'run' | 'resume' | 'repair' | 'reset' | 'status' | 'delete';

/** A command as the user can type it: `create-cluster --resume --cluster a`, `contextcore-install resume deploy.yaml`. */
export function commandFor(verb: Verb, { cluster, plan = 'create-cluster', planPath }: CommandTarget): string {
  const named = cluster === DEFAULT_CLUSTER ? '' : ` --cluster ${cluster}`;
  if (plan === 'create-cluster') return `create-cluster${verb === 'run' ? '' : ` --${verb}`}${named}`;
  const path = planPath ?? plan;
  const quoted = /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
  return `contextcore-install ${verb === 'delete' ? 'rollback' : verb} ${quoted}${named}`;
}
