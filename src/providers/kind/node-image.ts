import { isAtLeast } from '../../steps/tools/version.ts';
import type { ClusterConfig } from '../provider.ts';
import { askDocker, type Query } from './docker.ts';

/** The oldest Kubernetes that the manifests are made for. */
const MIN_KUBERNETES = '1.29.0';

/**
 * The node image to give to kind: the one asked for, else the newest `kindest/node` that Docker has already, else
 * undefined, which is kind's own default and has to be pulled.
 *
 * @throws InstallerError `engine_unreachable`
 */
export async function chooseNodeImage(
  query: Query,
  config: Pick<ClusterConfig, 'nodeImage' | 'binDir' | 'env'>,
): Promise<string | undefined> {
  if (config.nodeImage !== undefined) return config.nodeImage;
  const listed = await askDocker(query, config, ['images', 'kindest/node', '--format', '{{.Repository}}:{{.Tag}}']);
  return newestNodeImage(listed.stdout.split('\n'));
}

/** @param references lines such as `kindest/node:v1.34.4`; other tags are somebody's own builds and are left alone */
export function newestNodeImage(references: readonly string[]): string | undefined {
  let newest: { reference: string; version: string } | undefined;
  for (const reference of references) {
    const version = /^kindest\/node:v(\d+\.\d+\.\d+)$/.exec(reference.trim())?.[1];
    if (version === undefined || !isAtLeast(version, MIN_KUBERNETES)) continue;
    if (newest === undefined || isAtLeast(version, newest.version)) newest = { reference: reference.trim(), version };
  }
  return newest?.reference;
}
