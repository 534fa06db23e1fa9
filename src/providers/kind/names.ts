import { delimiter, join } from 'node:path';
import type { ClusterConfig } from '../provider.ts';

/** Label of the node and of every object that this installer makes; its value is the install id. */
export const INSTALL_ID_LABEL = 'contextcore.dev/install-id';
/** Owner of the fields that we apply (server-side apply). */
export const FIELD_MANAGER = 'contextcore-installer';
export const STACK_NAMESPACE = 'observability';

/** ConfigMap that marks a cluster as made by us. */
export const MARK = { namespace: 'kube-system', name: 'contextcore-install' } as const;

/** Name of the context, cluster and user in a kubeconfig, as kind itself names them. */
export function contextOf(cluster: string): string {
  return `kind-${cluster}`;
}

/** Our own kubeconfig: nothing that the user does to theirs disturbs an installation. */
export function kubeconfigPath(config: Pick<ClusterConfig, 'dataDir'>): string {
  return join(config.dataDir, 'kubeconfig');
}

/** What children need besides the inherited environment: downloaded programs are found before those of the system. */
export function programEnv(config: Pick<ClusterConfig, 'binDir' | 'env'>): Record<string, string> {
  return { PATH: [config.binDir, ...(config.env.PATH ? [config.env.PATH] : [])].join(delimiter) };
}
