import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { Plan } from '../../engine/plan.ts';
import { createClusterPlan } from '../../plans/create-cluster/plan.ts';
import { type Choices, resolveComponents, resolvePorts } from '../../plans/create-cluster/resolve-config.ts';
import { chooseProvider } from '../../providers/choose-provider.ts';
import type { ClusterConfig, Provider } from '../../providers/provider.ts';
import { resolveThresholds } from '../../steps/preflight/profiles.ts';
import { isPortFree } from '../../system/free-port.ts';
import { packageFolder } from '../../system/package-folder.ts';
import { askedNotifications, chooseNotifications } from '../asked-notifications.ts';
import type { ConfigFile } from '../config-file.ts';
import type { Options } from '../options.ts';
import type { Session } from '../session.ts';
import type { Terminal } from '../terminal.ts';
import { type RecoveredFields, recoverInstallation } from './recover-installation.ts';
import { listReservedPorts, withPortsReserved } from './reserve-ports.ts';

export interface PreparedPlan {
  plan: Plan;
  provider: Provider;
  config: ClusterConfig;
  /** The same with the install id that a mark names. */
  withInstallId(installId: string): Plan;
  /** What the state document keeps of the choices. */
  fields: { provider: string; install_id: string; options: Choices };
  /** What was found here without being recorded. */
  recovered?: RecoveredFields;
}

/** Recorded choices, unless another provider is asked for and nothing has been made yet: then they bind nobody. */
function standingChoices(
  { state }: Session,
  { provider }: Options,
): { provider: string | undefined; options: Partial<Choices> | undefined } | undefined {
  const status = state.step('cluster_create')?.status ?? 'pending';
  const differs = provider !== undefined && provider !== 'auto' && provider !== state.run.provider;
  if (differs && status === 'pending') return undefined;
  return { provider: state.run.provider, options: state.run.options as Partial<Choices> | undefined };
}

/**
 * Merges what was asked for with what is recorded: a choice that is not made again is kept.
 *
 * @throws InstallerError `usage`, `config` or `needs_new_cluster`
 */
export async function preparePlan(
  session: Session,
  terminal: Terminal,
  options: Options,
  cluster: string,
  file: ConfigFile | undefined,
): Promise<PreparedPlan> {
  const { run } = session.state;
  const standing = standingChoices(session, options);
  const recorded = standing?.options;
  const dataDir = join(terminal.home, 'data', cluster);
  // After a reset, or a loss of the state: what is there is ours all the same.
  const recovered =
    standing?.provider === undefined ? await recoverInstallation(terminal, session.paths, options) : undefined;
  const known = { ...recovered?.options, ...recorded };
  const provider = await chooseProvider(
    recovered?.provider ?? options.provider,
    standing?.provider,
    terminal.env,
    (message) => session.reporter.listener({ type: 'notice', at: Date.now(), level: 'info', message }),
  );
  const components = resolveComponents(provider, options, known.components);
  const installId = typeof run.install_id === 'string' ? run.install_id : (recovered?.installId ?? randomUUID());
  const nodeImage = options.nodeImage ?? recorded?.node_image;
  const imageMirror = options.imageMirror ?? recorded?.image_mirror;
  const told = chooseNotifications(askedNotifications(file), recorded?.notifications, components, (name) =>
    session.ports.secrets.value(name),
  );
  const choicesWith = (ports: Record<string, number>): Choices => ({
    components: [...components],
    ports,
    ...(nodeImage === undefined ? {} : { node_image: nodeImage }),
    ...(imageMirror === undefined ? {} : { image_mirror: imageMirror }),
    ...(told.notifications === undefined ? {} : { notifications: told.notifications }),
  });
  const choosePorts = async () => {
    const taken = listReservedPorts(terminal.home, session.paths);
    const chosen = await resolvePorts(provider, components, options, known.ports ?? {}, taken, isPortFree);
    const begins = recorded?.ports === undefined && !options.dryRun && options.mode !== 'delete';
    // Recorded before anything is made: an installation that starts at the same moment chooses others.
    if (begins) {
      const reserved = { provider: provider.name, install_id: installId, options: { ...choicesWith(chosen) } };
      await session.state.record({ at: new Date().toISOString(), run: reserved });
    }
    return chosen;
  };
  const ports = await (options.dryRun ? choosePorts() : withPortsReserved(terminal.home, choosePorts));
  const config: ClusterConfig = {
    cluster,
    installId,
    home: terminal.home,
    dataDir,
    binDir: join(terminal.home, 'bin'),
    components,
    ports,
    preflight: resolveThresholds(options.preflightProfile, file?.preflight, file?.path, provider.name),
    manifestsDir: packageFolder('k8s'),
    yes: options.yes,
    env: terminal.env,
    ...(nodeImage === undefined ? {} : { nodeImage }),
    ...(imageMirror === undefined ? {} : { imageMirror }),
    ...told,
  };
  const fields = { provider: provider.name, install_id: installId, options: choicesWith(ports) };
  return {
    plan: createClusterPlan(provider, config),
    withInstallId: (id) => createClusterPlan(provider, { ...config, installId: id }),
    provider,
    config,
    fields,
    ...(recovered === undefined ? {} : { recovered }),
  };
}
