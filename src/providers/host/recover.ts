import { stat } from 'node:fs/promises';
import type { ClusterConfig, Recovered } from '../provider.ts';
import { HOST_COMPONENTS, type Server, serversOf } from './components.ts';
import { findServer } from './server-process.ts';

/** Components by their folders, ports by the flags of the servers that run. */
export async function recoverInstallation({ dataDir }: Pick<ClusterConfig, 'dataDir'>): Promise<Recovered> {
  const servers = serversOf({ components: [...HOST_COMPONENTS], dataDir, ports: {} });
  const found = await Promise.all(servers.map(async (server) => ({ server, there: await isThere(server) })));
  const present = found.filter(({ there }) => there).map(({ server }) => server);
  const ports: Record<string, number> = {};
  for (const server of present) {
    const port = await portOfRunning(server);
    if (port !== undefined) ports[server.name] = port;
  }
  return { components: present.map(({ name }) => name), ports };
}

async function isThere({ configFile }: Server): Promise<boolean> {
  return (await stat(configFile).catch(() => undefined)) !== undefined;
}

async function portOfRunning(server: Server): Promise<number | undefined> {
  const running = await findServer(server);
  const flag = running?.cmdline.find((arg) => arg.startsWith('--web.listen-address='));
  const port = Number(/:(\d+)$/.exec(flag ?? '')?.[1]);
  return Number.isInteger(port) ? port : undefined;
}
