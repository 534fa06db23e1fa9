import { DEFAULT_CLUSTER } from '../engine/plan.ts';

/** Which installation a command to type is for. */
export interface CommandTarget {
  cluster: string;
  /** Name of the plan. */
  plan?: string | undefined;
  /** Path of a user's plan. */
  planPath?: string | undefined;
}

const CREATE_CLUSTER = 'create-cluster';

export type Verb = 'run' | 'resume' | 'repair' | 'reset' | 'status' | 'delete';

/** A command as the user can type it: `create-cluster --resume --cluster a`, `contextcore-install resume deploy.yaml`. */
export function commandFor(verb: Verb, { cluster, plan = CREATE_CLUSTER, planPath }: CommandTarget): string {
  const named = clusterFlag(cluster);
  if (plan === CREATE_CLUSTER) return `create-cluster${verb === 'run' ? '' : ` --${verb}`}${named}`;
  const path = planPath ?? plan;
  return `contextcore-install ${verb === 'delete' ? 'rollback' : verb} ${quoteWord(path)}${named}`;
}

/** A word of a command as a shell takes it. */
export function quoteWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** The command that delivers what waits; it takes a plan by its name. */
export function flushCommand({ cluster, plan = CREATE_CLUSTER }: CommandTarget): string {
  return `contextcore-install telemetry flush${plan === CREATE_CLUSTER ? '' : ` ${plan}`}${clusterFlag(cluster)}`;
}

/** The command that takes a lost state from metrics. @param from address of a Prometheus API */
export function rebuildCommand({ cluster, plan = CREATE_CLUSTER }: CommandTarget, from: string): string {
  const planFlag = plan === CREATE_CLUSTER ? '' : ` --plan ${plan}`;
  return `contextcore-install rebuild-state --cluster ${cluster}${planFlag} --from ${from}`;
}

function clusterFlag(cluster: string): string {
  return cluster === DEFAULT_CLUSTER ? '' : ` --cluster ${cluster}`;
}
