import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Outputs } from '../../engine/record.ts';
import type { StepContext } from '../../engine/step.ts';
import { pullImage } from '../../steps/images/pull-image.ts';
import type { ClusterConfig } from '../provider.ts';
import { collectEvidence, judgeClaim, keepClusterRecord } from './claim.ts';
import { askDocker, inspectNodes, type NodeContainer } from './docker.ts';
import { explainFailure } from './explain-failure.ts';
import { renderKindConfig } from './kind-config.ts';
import { awaitContainerd, findLocalImages, loadImages } from './load-images.ts';
import { markCluster } from './mark.ts';
import { contextOf, kubeconfigPath, programEnv } from './names.ts';
import { chooseNodeImage } from './node-image.ts';
import { pullMissing } from './pull-images.ts';
import type { Stack } from './stack.ts';
import { publishKubeconfig } from './user-kubeconfig.ts';

const EXPORT_TIMEOUT_MS = 60_000;
const FAILURES_KEPT = 3;

/**
 * Makes the cluster. While its node starts, the images that Docker has are loaded into it.
 *
 * @param stack whose images the pods will ask for
 * @throws InstallerError in the words of {@link explainFailure}, after the logs were exported and what was half-made is gone
 */
export async function makeCluster(ctx: StepContext, config: ClusterConfig, stack: Stack): Promise<Outputs> {
  // Manifests that cannot be rendered stop the run before anything is made.
  const [image, networkIsThere, images] = await Promise.all([
    chooseNodeImage(ctx.query, config),
    hasNetwork(ctx, config),
    stack.images(),
    stack.render(ctx, config.installId),
  ]);
  await prepareDataDir(config);
  const intent: Outputs = { intent: 'create', intent_at: intentTime(ctx) };
  // The intent first: what a crash leaves behind is then known as ours.
  await ctx.remember({ ...intent, install_id: config.installId, ...(networkIsThere ? {} : { made_network: true }) });
  let over = false;
  const created = runKind(ctx, config, image).finally(() => {
    over = true;
  });
  const finished = created.then(() => finishCluster(ctx, config));
  const loaded = loadWhileStarting(ctx, config, images, () => over);
  const [cluster, loading] = await Promise.allSettled([finished, loaded]);
  ctx.signal.throwIfAborted();
  if (cluster.status === 'rejected') {
    if (
      (await created.then(
        () => true,
        () => false,
      )) === false
    )
      await removeFailed(ctx, config, intent);
    throw explainFailure(cluster.reason, config);
  }
  // What is missing now is loaded, or pulled, when the manifests are applied.
  if (loading.status === 'rejected') ctx.log(`images were not loaded: ${String(loading.reason)}`);
  const there = loading.status === 'fulfilled' ? loading.value : [];
  return { ...cluster.value, loaded_images: there.join(',') };
}

/**
 * An intent that was never carried through still counts: what a killed kind has asked of Docker may come to be after we
 * have looked, and must be known as ours all the same.
 */
function intentTime(ctx: StepContext): string {
  const { intent, intent_at: at } = ctx.outputsOf(ctx.step);
  return intent === 'create' && typeof at === 'string' ? at : new Date(ctx.clock.now()).toISOString();
}

/** Removes the cluster with kind; nothing in the user's kubeconfig is touched. */
export async function removeCluster(ctx: StepContext, config: ClusterConfig): Promise<void> {
  const args = ['delete', 'cluster', '--name', config.cluster, '--kubeconfig', kubeconfigPath(config)];
  await ctx.exec({ file: 'kind', args, env: programEnv(config) });
}

/** The facts that later steps, `--status` and `--delete` need. */
export function describeCluster(config: ClusterConfig, node: NodeContainer): Outputs {
  return {
    node: node.name,
    node_image: node.image,
    container: node.id,
    context: contextOf(config.cluster),
    kubeconfig: kubeconfigPath(config),
  };
}

/** The same of a cluster of ours that is whole. */
export function describeOwnCluster(config: ClusterConfig, node: NodeContainer, installId: string): Outputs {
  return { ...describeCluster(config, node), ours: true, install_id: installId, intent: 'done' };
}

async function runKind(ctx: StepContext, config: ClusterConfig, image: string | undefined): Promise<void> {
  if (image !== undefined && (await findLocalImages(ctx, config, [image])).length === 0) {
    // kind would pull it, too, but once only, and without a word.
    ctx.progress(`pulling ${image}`);
    await pullImage(ctx, image, { env: programEnv(config) });
  }
  ctx.progress(`kind starts a node${image === undefined ? '' : ` of ${image}`}`);
  const args = ['create', 'cluster', '--name', config.cluster, '--config', configPath(config), '--retain'];
  const target = ['--kubeconfig', kubeconfigPath(config)];
  const chosen = image === undefined ? [] : ['--image', image];
  await ctx.exec({ file: 'kind', args: [...args, ...target, ...chosen], env: programEnv(config) });
}

async function finishCluster(ctx: StepContext, config: ClusterConfig): Promise<Outputs> {
  const [nodes] = await Promise.all([
    inspectNodes(ctx.query, config, config.cluster),
    markCluster(ctx, config, config.installId),
    publishKubeconfig(ctx, config),
  ]);
  const [node] = nodes;
  if (node === undefined) throw new Error(`the node of cluster "${config.cluster}" is gone already`);
  await keepClusterRecord(config, { install_id: config.installId, container: node.id });
  return describeOwnCluster(config, node, config.installId);
}

async function loadWhileStarting(
  ctx: StepContext,
  config: ClusterConfig,
  images: readonly string[],
  isOver: () => boolean,
): Promise<readonly string[]> {
  const node = `${config.cluster}-control-plane`;
  const [isReady] = await Promise.all([awaitContainerd(ctx, config, node, isOver), pullMissing(ctx, config, images)]);
  if (!isReady) return [];
  return await loadImages(ctx, config, [node], images);
}

/** Keeps the evidence, then removes what this very attempt has left half-made, and nothing else. */
async function removeFailed(ctx: StepContext, config: ClusterConfig, intent: Outputs): Promise<void> {
  const [node] = await inspectNodes(ctx.query, config, config.cluster);
  if (node === undefined) return;
  if (judgeClaim(node, await collectEvidence(ctx.query, config, node, intent)) !== 'half_made') return;
  const folder = join(config.dataDir, 'failures', new Date(ctx.clock.now()).toISOString().replaceAll(':', ''));
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const args = ['export', 'logs', folder, '--name', config.cluster];
  // A node that never started has no logs to export; the removal matters more.
  await ctx.query({ file: 'kind', args, env: programEnv(config), timeoutMs: EXPORT_TIMEOUT_MS }).catch(() => undefined);
  await removeCluster(ctx, config);
  await ctx.remember({ intent: 'none' });
  ctx.notice(`the half-made node was removed; its logs are in ${folder}`);
  const kept = (await readdir(join(folder, '..'))).sort().slice(0, -FAILURES_KEPT);
  for (const old of kept) await rm(join(folder, '..', old), { recursive: true, force: true });
}

async function prepareDataDir(config: ClusterConfig): Promise<void> {
  await mkdir(config.dataDir, { recursive: true, mode: 0o700 });
  await writeFile(configPath(config), renderKindConfig(config), { mode: 0o600 });
  // The lock of a kind that was killed would stop this one; nobody else writes here.
  for (const file of [kubeconfigPath(config), `${kubeconfigPath(config)}.lock`]) await rm(file, { force: true });
}

function configPath(config: ClusterConfig): string {
  return join(config.dataDir, 'kind-config.yaml');
}

/** kind makes the network on first use and never removes it. */
async function hasNetwork(ctx: StepContext, config: ClusterConfig): Promise<boolean> {
  return (await askDocker(ctx.query, config, ['network', 'inspect', 'kind', '--format', '{{.Id}}'])).exitCode === 0;
}
