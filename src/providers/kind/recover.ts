import type { ClusterConfig, Recovered } from '../provider.ts';
import { inspectNodes } from './docker.ts';
import { queryOutside } from './ownership.ts';
import { KIND_PORTS } from './ports.ts';

/** Every component has a port, and Docker says which ports the node was made with, even when it is stopped. */
export async function recoverInstallation(config: ClusterConfig): Promise<Recovered> {
  const [node] = await inspectNodes(queryOutside(config), config, config.cluster);
  const published = KIND_PORTS.flatMap(({ name, component, nodePort }) => {
    const port = node?.ports.find((one) => one.nodePort === nodePort);
    return port === undefined ? [] : [{ name, component, hostPort: port.hostPort }];
  });
  return {
    components: [...new Set(published.map(({ component }) => component))],
    ports: Object.fromEntries(published.map(({ name, hostPort }) => [name, hostPort])),
  };
}
