import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PINS } from '../../../src/steps/tools/pins.ts';
import { lacksAssets, relocateProgram } from '../../../src/steps/tools/relocate.ts';
import { findFreePort } from '../free-port.ts';
import { type RunningServer, startServer } from './start-server.ts';

export const PROMETHEUS = ['prometheus'];
export const ALERTMANAGER = ['prometheus-alertmanager', 'alertmanager'];
export const MIMIR = ['mimir'];
export const LOKI = ['loki'];
export const PUSHGATEWAY = ['prometheus-pushgateway'];

export interface PrometheusOptions {
  /** Address of an Alertmanager, host and port. */
  alertmanager?: string;
  /** Paths of rule files, and how often they are evaluated. */
  rules?: readonly string[];
  evaluationInterval?: string;
  /** Address that is scraped every second, host and port; its labels win over those of the scrape. */
  scrape?: string;
}

/** A Prometheus that takes remote write, up to ten days late. */
export async function startPrometheus(options: PrometheusOptions = {}): Promise<RunningServer> {
  const port = await findFreePort();
  const config = {
    global: { evaluation_interval: options.evaluationInterval ?? '15s' },
    storage: { tsdb: { out_of_order_time_window: '240h' } },
    rule_files: options.rules ?? [],
    scrape_configs:
      options.scrape === undefined
        ? []
        : [
            {
              job_name: 'pushgateway',
              honor_labels: true,
              scrape_interval: '1s',
              scrape_timeout: '1s',
              static_configs: [{ targets: [options.scrape] }],
            },
          ],
    ...(options.alertmanager === undefined
      ? {}
      : { alerting: { alertmanagers: [{ static_configs: [{ targets: [options.alertmanager] }] }] } }),
  };
  return await startServer({
    programs: PROMETHEUS,
    port,
    // JSON is YAML.
    files: () => ({ 'prometheus.yml': JSON.stringify(config) }),
    args: (folder) => [
      `--config.file=${folder}/prometheus.yml`,
      `--storage.tsdb.path=${folder}/data`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--web.enable-remote-write-receiver',
    ],
    ready: '/-/ready',
  });
}

/** A Pushgateway that keeps nothing on disk. */
export async function startPushgateway(): Promise<RunningServer> {
  const port = await findFreePort();
  return await startServer({
    programs: PUSHGATEWAY,
    port,
    args: () => [`--web.listen-address=127.0.0.1:${port}`, '--persistence.file='],
    ready: '/-/ready',
  });
}

/** @param receiver address of a webhook that is told at once about every change */
export async function startAlertmanager(receiver: string): Promise<RunningServer> {
  const port = await findFreePort();
  const config = {
    route: {
      receiver: 'hook',
      group_by: ['alertname', 'cluster', 'plan', 'step'],
      group_wait: '0s',
      group_interval: '1s',
      repeat_interval: '1h',
    },
    receivers: [{ name: 'hook', webhook_configs: [{ url: receiver, send_resolved: true }] }],
  };
  return await startServer({
    programs: ALERTMANAGER,
    port,
    prepare: findTemplates,
    files: () => ({ 'alertmanager.yml': JSON.stringify(config) }),
    args: (folder) => [
      `--config.file=${folder}/alertmanager.yml`,
      `--storage.path=${folder}/data`,
      `--web.listen-address=127.0.0.1:${port}`,
      '--cluster.listen-address=',
    ],
    ready: '/-/ready',
  });
}

/** Debian's program, unpacked and not installed, does not find its templates: a copy of it that does. */
async function findTemplates(program: string, folder: string): Promise<string> {
  const { member, assets } = PINS.alertmanager.debian;
  if (!(await lacksAssets(program, assets))) return program;
  const root = program.slice(0, -member.length);
  const script = join(folder, 'alertmanager');
  const text = await relocateProgram(root, member, assets, folder, `${script}.d`);
  await writeFile(script, text, { mode: 0o755 });
  return script;
}

/** A Mimir in one process with the limits of k8s/mimir; tenants are told apart by X-Scope-OrgID when asked for. */
export async function startMimir(options: { multitenancy?: boolean } = {}): Promise<RunningServer> {
  const [port, grpc] = [await findFreePort(), await findFreePort()];
  return await startServer({
    programs: MIMIR,
    port,
    files: (folder) => ({
      'mimir.yaml': JSON.stringify(mimirConfig(folder, port, grpc, options.multitenancy ?? false)),
    }),
    args: (folder) => ['-target=all', `-config.file=${folder}/mimir.yaml`],
    ready: '/ready',
  });
}

function mimirConfig(folder: string, port: number, grpc: number, multitenancy: boolean): object {
  const ring = { instance_addr: '127.0.0.1', kvstore: { store: 'inmemory' } };
  return {
    multitenancy_enabled: multitenancy,
    usage_stats: { enabled: false },
    server: {
      http_listen_address: '127.0.0.1',
      http_listen_port: port,
      grpc_listen_address: '127.0.0.1',
      grpc_listen_port: grpc,
    },
    activity_tracker: { filepath: `${folder}/activity.log` },
    common: { storage: { backend: 'filesystem', filesystem: { dir: `${folder}/storage` } } },
    blocks_storage: {
      storage_prefix: 'blocks',
      tsdb: { dir: `${folder}/tsdb` },
      bucket_store: { sync_dir: `${folder}/tsdb-sync` },
    },
    compactor: { data_dir: `${folder}/compactor`, sharding_ring: ring },
    distributor: { ring },
    frontend: { address: '127.0.0.1' },
    query_scheduler: { ring },
    ingester: { ring: { ...ring, replication_factor: 1, min_ready_duration: '0s', final_sleep: '0s' } },
    store_gateway: { sharding_ring: { ...ring, replication_factor: 1 } },
    ruler: { rule_path: `${folder}/ruler`, ring },
    memberlist: { bind_addr: ['127.0.0.1'], bind_port: 0 },
    limits: { out_of_order_time_window: '240h', query_ingesters_within: '0s' },
  };
}

export async function startLoki(): Promise<RunningServer> {
  const [port, grpc] = [await findFreePort(), await findFreePort()];
  const config = (folder: string) => ({
    auth_enabled: false,
    analytics: { reporting_enabled: false },
    server: {
      http_listen_address: '127.0.0.1',
      http_listen_port: port,
      grpc_listen_address: '127.0.0.1',
      grpc_listen_port: grpc,
    },
    common: {
      path_prefix: folder,
      instance_addr: '127.0.0.1',
      replication_factor: 1,
      ring: { kvstore: { store: 'inmemory' } },
      storage: { filesystem: { chunks_directory: `${folder}/chunks`, rules_directory: `${folder}/rules` } },
    },
    memberlist: { bind_addr: ['127.0.0.1'], bind_port: 0 },
    ingester: { lifecycler: { min_ready_duration: '0s', final_sleep: '0s' } },
    frontend: { scheduler_dns_lookup_period: '1s' },
    frontend_worker: { dns_lookup_duration: '1s' },
    schema_config: {
      configs: [
        {
          from: '2024-01-01',
          store: 'tsdb',
          object_store: 'filesystem',
          schema: 'v13',
          index: { prefix: 'index_', period: '24h' },
        },
      ],
    },
    limits_config: { allow_structured_metadata: true },
  });
  return await startServer({
    programs: LOKI,
    port,
    files: (folder) => ({ 'loki.yaml': JSON.stringify(config(folder)) }),
    args: (folder) => [`-config.file=${folder}/loki.yaml`],
    ready: '/ready',
  });
}
