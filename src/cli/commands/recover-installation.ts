import { join } from 'node:path';
import { InstallerError } from '../../errors/installer-error.ts';
import { chooseProvider } from '../../providers/choose-provider.ts';
import type { ClusterConfig, Component, Provider } from '../../providers/provider.ts';
import type { StatePaths } from '../../state/paths.ts';
import { packageFolder } from '../../system/package-folder.ts';
import type { Options } from '../options.ts';
import type { Terminal } from '../terminal.ts';

/** What a state says of an installation besides its steps. */
export interface RecoveredFields {
  provider: 'kind' | 'host';
  installId: string;
  options: { components?: Component[]; ports: Record<string, number> };
}

/**
 * Looks for an installation of this cluster on this machine, by its mark: its id, ports and components are in no metric.
 *
 * @returns undefined when there is none
 */
export async function recoverInstallation(
  { env, home }: Pick<Terminal, 'env' | 'home'>,
  { cluster }: Pick<StatePaths, 'cluster'>,
  options: Pick<Options, 'provider' | 'ports'>,
): Promise<RecoveredFields | undefined> {
  const wanted = options.provider === undefined || options.provider === 'auto' ? ['host', 'kind'] : [options.provider];
  for (const name of wanted) {
    const provider = await chooseProvider(undefined, name, env, () => undefined);
    const config = configOf(provider, cluster, home, env);
    const { owner, installId } = await provider.ownership(config);
    if (owner !== 'ours' || installId === undefined) continue;
    const { components, ports } = await recover(provider, config);
    const all = { ...ports, ...options.ports };
    const chosen = components.length > 0 ? { components: [...components] } : {};
    return { provider: provider.name, installId, options: { ...chosen, ports: all } };
  }
  return undefined;
}

async function recover(provider: Provider, config: ClusterConfig): ReturnType<Provider['recover']> {
  try {
    return await provider.recover(config);
  } catch (thrown) {
    if (!(thrown instanceof InstallerError)) throw thrown;
    return { components: [], ports: {} };
  }
}

function configOf(provider: Provider, cluster: string, home: string, env: Terminal['env']): ClusterConfig {
  return {
    cluster,
    installId: '',
    home,
    dataDir: join(home, 'data', cluster),
    binDir: join(home, 'bin'),
    components: provider.components,
    ports: {},
    preflight: { diskGb: 0, memoryGb: 0, cpus: 0 },
    manifestsDir: packageFolder('k8s'),
    yes: false,
    env,
  };
}
