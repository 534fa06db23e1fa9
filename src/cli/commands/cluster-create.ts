import { DEFAULT_CLUSTER } from '../../engine/plan.ts';
import { InstallerError } from '../../errors/installer-error.ts';
import { CREATE_CLUSTER } from '../../plans/create-cluster/plan.ts';
import { notificationSecrets } from '../asked-notifications.ts';
import { type ConfigFile, readConfigFile } from '../config-file.ts';
import { readOptions } from '../options.ts';
import type { Invocation } from '../program.ts';
import { openSession } from '../session.ts';
import type { Terminal } from '../terminal.ts';
import { deleteInstallation } from './delete-installation.ts';
import { executePlan } from './execute-plan.ts';
import { preparePlan } from './prepare-plan.ts';
import { recoverLostState } from './recover-lost-state.ts';
import { resetPlan } from './reset-state.ts';
import { showStatus } from './show-status.ts';

/** `create-cluster`, in all its modes. @returns exit code */
export async function clusterCreate(invocation: Invocation, terminal: Terminal): Promise<number> {
  const file = readConfig(invocation);
  const options = readOptions({ ...file?.flags, ...definedOnly(invocation.flags) });
  const cluster = options.cluster ?? DEFAULT_CLUSTER;
  if (options.mode === 'status') return await showStatus(terminal, options, cluster, CREATE_CLUSTER);
  if (options.mode === 'reset') return await resetPlan(terminal, options, cluster, CREATE_CLUSTER);
  const session = await openSession({
    terminal,
    options,
    cluster,
    plan: CREATE_CLUSTER,
    secrets: notificationSecrets(file, options),
    command: options.mode === 'run' ? 'create-cluster' : `create-cluster --${options.mode}`,
  });
  try {
    const prepared = await preparePlan(session, terminal, options, cluster, file);
    const { plan, provider, config, fields, recovered } = prepared;
    if (options.mode === 'delete') return await deleteInstallation(session, terminal, options, prepared);
    if (recovered !== undefined && !options.dryRun) await recoverLostState(session, terminal, options, recovered);
    await executePlan(session, terminal, options, { plan, fields, endpoints: provider.endpoints(config) });
    return 0;
  } finally {
    await session.close();
  }
}

function readConfig({ flags }: Invocation): ConfigFile | undefined {
  const { config } = flags;
  if (config === undefined) return undefined;
  if (typeof config !== 'string') throw new InstallerError('usage', '--config is given more than once');
  return readConfigFile(config);
}

/** Flags that were given; one that was not must not hide the configuration file's. */
function definedOnly(flags: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(flags).filter(([, value]) => value !== undefined));
}
