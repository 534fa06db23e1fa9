import { join } from 'node:path';
import { PINS, type ProgramPin } from '../../steps/tools/pins.ts';
import type { ClusterConfig, PortSpec } from '../provider.ts';
import type { ProgramFacts } from './programs.ts';

export const HOST_COMPONENTS = ['prometheus', 'alertmanager'] as const;
export type HostComponent = (typeof HOST_COMPONENTS)[number];

export const HOST_PORTS: readonly PortSpec[] = [
  { name: 'prometheus', component: 'prometheus', defaultPort: 9009 },
  { name: 'alertmanager', component: 'alertmanager', defaultPort: 9093 },
];

/** A server of this installation: where its things are and how it is started. */
export interface Server {
  name: HostComponent;
  pin: ProgramPin;
  /** On 127.0.0.1. */
  port: number;
  url: string;
  /** Holds everything of this server. */
  folder: string;
  configFile: string;
  /** Its database. */
  dataFolder: string;
  pidFile: string;
  log: string;
  /** The argument by which a process of this server is known, whoever started it. */
  mark: string;
  args(facts: ProgramFacts): readonly string[];
}

/** The servers that this installation has, in the order of their start. */
export function serversOf(config: Pick<ClusterConfig, 'components' | 'dataDir' | 'ports'>): readonly Server[] {
  return HOST_COMPONENTS.filter((name) => config.components.includes(name)).map((name) => serverOf(name, config));
}

/** Those that were not chosen: of an earlier choice, one may still run. */
export function unchosenServersOf(config: Pick<ClusterConfig, 'components' | 'dataDir' | 'ports'>): readonly Server[] {
  return HOST_COMPONENTS.filter((name) => !config.components.includes(name)).map((name) => serverOf(name, config));
}

function serverOf(name: HostComponent, config: Pick<ClusterConfig, 'dataDir' | 'ports'>): Server {
  const folder = join(config.dataDir, name);
  const port = portOf(name, config.ports);
  const dataFolder = join(folder, 'data');
  const configFile = join(folder, `${name}.yml`);
  const mark = `${name === 'prometheus' ? '--storage.tsdb.path' : '--storage.path'}=${dataFolder}`;
  const url = `http://127.0.0.1:${port}`;
  const common = [
    `--config.file=${configFile}`,
    mark,
    `--web.listen-address=127.0.0.1:${port}`,
    `--web.external-url=${url}/`,
  ];
  return {
    name,
    pin: PINS[name],
    port,
    url,
    folder,
    configFile,
    dataFolder,
    pidFile: join(folder, `${name}.pid`),
    log: join(folder, `${name}.log`),
    mark,
    args: (facts) =>
      name === 'prometheus'
        ? [...common, '--web.enable-remote-write-receiver', ...(facts.otlp_flag === '' ? [] : [facts.otlp_flag])]
        : // One instance alone: no gossip port is opened.
          [...common, '--cluster.listen-address='],
  };
}

/** Port of a component: as resolved, else its default. */
export function portOf(name: HostComponent, ports: Readonly<Record<string, number>>): number {
  return ports[name] ?? (name === 'prometheus' ? 9009 : 9093);
}
