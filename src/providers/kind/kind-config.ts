import { stringify } from 'yaml';
import type { ClusterConfig } from '../provider.ts';
import { INSTALL_ID_LABEL } from './names.ts';
import { chosenPorts } from './ports.ts';

/**
 * Configuration of `kind create cluster` (https://kind.sigs.k8s.io/docs/user/configuration/): one node, whose node ports
 * are published on the host's loopback alone. The node's label marks the cluster as ours from its first second.
 */
export function renderKindConfig(config: Pick<ClusterConfig, 'cluster' | 'installId' | 'ports'>): string {
  const extraPortMappings = chosenPorts(config.ports).map(({ nodePort, hostPort }) => ({
    containerPort: nodePort,
    hostPort,
    listenAddress: '127.0.0.1',
    protocol: 'TCP',
  }));
  return stringify({
    kind: 'Cluster',
    apiVersion: 'kind.x-k8s.io/v1alpha4',
    name: config.cluster,
    nodes: [{ role: 'control-plane', labels: { [INSTALL_ID_LABEL]: config.installId }, extraPortMappings }],
  });
}
