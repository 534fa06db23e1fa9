import { mkdir } from 'node:fs/promises';
import type { Outputs } from '../../engine/record.ts';
import type { StepContext } from '../../engine/step.ts';
import { InstallerError } from '../../errors/installer-error.ts';
import { waitUntil } from '../../resilience/wait-until.ts';
import type { ClusterConfig } from '../provider.ts';
import { isPublished, keepClusterRecord } from './claim.ts';
import { docker, type NodeContainer } from './docker.ts';
import { kubectl } from './kubectl.ts';
import { describeCluster, describeOwnCluster } from './make-cluster.ts';
import { markCluster } from './mark.ts';
import { kubeconfigPath, programEnv } from './names.ts';
import { chosenPorts } from './ports.ts';
import { publishKubeconfig } from './user-kubeconfig.ts';

const API_TIMEOUT_MS = 180_000;

/**
 * Makes an existing cluster usable again, and never anew: stopped nodes are started, the kubeconfig is written.
 *
 * @param installId of a cluster of ours; undefined for one that this installer did not make
 * @throws InstallerError `step_failed` when the API does not come up
 */
export async function mendCluster(
  ctx: StepContext,
  config: ClusterConfig,
  nodes: readonly NodeContainer[],
  installId: string | undefined,
): Promise<Outputs> {
  const startedMs = await startNodes(ctx, config, nodes);
  await mkdir(config.dataDir, { recursive: true, mode: 0o700 });
  const args = ['export', 'kubeconfig', '--name', config.cluster, '--kubeconfig', kubeconfigPath(config)];
  await ctx.exec({ file: 'kind', args, env: programEnv(config) });
  await awaitApi(ctx, config);
  if (startedMs !== undefined) await awaitKubelets(ctx, config, nodes, startedMs);
  const [node] = nodes;
  if (node === undefined) throw new InstallerError('step_failed', `cluster "${config.cluster}" has no node`);
  if (installId !== undefined) {
    await markCluster(ctx, config, installId);
    await keepClusterRecord(config, { install_id: installId, container: node.id });
    await publishKubeconfig(ctx, config);
    return describeOwnCluster(config, node, installId);
  }
  ctx.notice(`cluster "${config.cluster}" was not made by this installer: it is used, and never deleted`);
  return { ...describeCluster(config, node), intent: 'done', ours: false, ...directUrls(ctx, config, node) };
}

/** @returns when the first stopped node was started; undefined when all ran */
async function startNodes(
  ctx: StepContext,
  config: ClusterConfig,
  nodes: readonly NodeContainer[],
): Promise<number | undefined> {
  let startedMs: number | undefined;
  for (const node of nodes) {
    if (node.running && !node.paused) continue;
    startedMs ??= ctx.clock.now();
    ctx.progress(`starting ${node.name}`);
    await ctx.exec(docker(config, [node.paused ? 'unpause' : 'start', node.id]));
  }
  return startedMs;
}

async function awaitApi(ctx: StepContext, config: ClusterConfig): Promise<void> {
  ctx.progress('waiting for the API');
  const { clock, signal } = ctx;
  let said = '';
  const look = async () => {
    const answer = await ctx.query(kubectl(config, ['get', '--raw', '/readyz', '--request-timeout=5s']));
    said = answer.stderr.trim().split('\n').at(-1) ?? '';
    return answer.exitCode === 0 ? true : undefined;
  };
  if ((await waitUntil(look, { clock, signal, timeoutMs: API_TIMEOUT_MS, intervalMs: 300 })) === true) return;
  throw new InstallerError('step_failed', `the API of cluster "${config.cluster}" does not come up: ${said}`, {
    class: 'network_timeout',
    hint: `what the node says: docker logs ${config.cluster}-control-plane`,
  });
}

/** Until a started node has spoken again, the API shows its pods as they were before it stopped. */
async function awaitKubelets(
  ctx: StepContext,
  config: ClusterConfig,
  nodes: readonly NodeContainer[],
  sinceMs: number,
): Promise<void> {
  ctx.progress('waiting for the kubelet');
  const { clock, signal } = ctx;
  const args = ['get', 'lease', '--namespace', 'kube-node-lease'];
  const times = ['-o', 'jsonpath={range .items[*]}{.spec.renewTime}{"\\n"}{end}'];
  const look = async () => {
    const { stdout } = await ctx.query(kubectl(config, [...args, ...times]));
    const renewed = stdout.split('\n').filter((line) => line !== '' && Date.parse(line) >= sinceMs);
    return renewed.length >= nodes.length ? true : undefined;
  };
  if ((await waitUntil(look, { clock, signal, timeoutMs: API_TIMEOUT_MS, intervalMs: 500 })) === true) return;
  throw new InstallerError('step_failed', `the kubelet of cluster "${config.cluster}" does not report`, {
    class: 'network_timeout',
    hint: `what it says: docker exec ${config.cluster}-control-plane journalctl -u kubelet -n 50`,
  });
}

/** Where the services of a cluster are that was made without our port mappings: at the node's own address. */
function directUrls(ctx: StepContext, config: ClusterConfig, node: NodeContainer): Outputs {
  const hidden = chosenPorts(config.ports).filter((port) => !isPublished(node, port, port.hostPort));
  if (hidden.length === 0) return {};
  const urls = hidden.map(({ name, nodePort }) => [`url_${name}`, `http://${node.address}:${nodePort}`] as const);
  const list = urls.map(([key, url]) => `${key.slice('url_'.length)} ${url}`).join(', ');
  ctx.notice(`the cluster does not publish these ports on the host; they are reached at the node itself: ${list}`);
  return Object.fromEntries(urls);
}
