import { readFile, stat } from 'node:fs/promises';
import { parse } from 'yaml';
import type { ClusterConfig, Recovered } from '../provider.ts';
import { HOST_COMPONENTS, type Server, serversOf } from './components.ts';
import { findServer } from './server-process.ts';

/** Components by their folders, ports by the flags of the servers that run, else as Prometheus is configured. */
export async function recoverInstallation({ dataDir }: Pick<ClusterConfig, 'dataDir'>): Promise<Recovered> {
  const servers = serversOf({ components: [...HOST_COMPONENTS], dataDir, ports: {} });
  const found = await Promise.all(servers.map(async (server) => ({ server, there: await isThere(server) })));
  const present = found.filter(({ there }) => there).map(({ server }) => server);
  const configured = await readConfiguredPorts(servers);
  const ports: Record<string, number> = {};
  for (const server of present) {
    const port = (await portOfRunning(server)) ?? configured[server.name];
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
  return flag === undefined ? undefined : portIn(flag);
}

/** Prometheus scrapes each of the servers, itself too, in a job of its name (host/prometheus.yml). */
async function readConfiguredPorts(servers: readonly Server[]): Promise<Readonly<Record<string, number | undefined>>> {
  const path = servers.find(({ name }) => name === 'prometheus')?.configFile ?? '';
  try {
    const { scrape_configs: jobs } = parse(await readFile(path, 'utf8')) as {
      scrape_configs: { job_name: string; static_configs: { targets: string[] }[] }[];
    };
    return Object.fromEntries(jobs.map((job) => [job.job_name, portIn(job.static_configs[0]?.targets[0] ?? '')]));
  } catch {
    // Not there, or edited into something else: then nothing tells.
    return {};
  }
}

function portIn(address: string): number | undefined {
  const port = Number(/:(\d+)$/.exec(address)?.[1]);
  return Number.isInteger(port) ? port : undefined;
}
