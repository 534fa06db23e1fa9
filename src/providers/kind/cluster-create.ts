import { rm } from 'node:fs/promises';
import type { Inputs, Outputs } from '../../engine/record.ts';
import type { Observation, StepContext } from '../../engine/step.ts';
import { InstallerError } from '../../errors/installer-error.ts';
import type { ClusterConfig, StepBody } from '../provider.ts';
import { type Claim, collectEvidence, isPublished, judgeClaim, readClusterRecord } from './claim.ts';
import { askDocker, inspectNodes, type NodeContainer } from './docker.ts';
import { isApiUnreachable } from './kubectl.ts';
import { describeOwnCluster, makeCluster, removeCluster } from './make-cluster.ts';
import { installIdOf, readMark } from './mark.ts';
import { mendCluster } from './mend-cluster.ts';
import { chosenPorts } from './ports.ts';
import type { Stack } from './stack.ts';
import { withdrawKubeconfig } from './user-kubeconfig.ts';

const TIMEOUT_MS = 15 * 60_000;

/** Step `cluster_create`: a kind cluster of this name runs, its API answers, and it is known whose it is. */
export function createClusterCreate(config: ClusterConfig, stack: Stack): StepBody {
  return {
    policy: { timeoutMs: TIMEOUT_MS, attempts: 3, delayMs: 2_000, maxDelayMs: 10_000 },
    inputs: () => inputsOf(config),
    closedInputs: true,
    immutableInputs: ['node_image', ...chosenPorts(config.ports).map(({ name }) => portInput(name))],
    observe: (ctx) => observe(ctx, config, stack),
    apply: (ctx) => apply(ctx, config, stack),
    rollback: (ctx) => rollback(ctx, config),
  };
}

function inputsOf(config: ClusterConfig): Inputs {
  const ports = chosenPorts(config.ports).map(({ name, hostPort }) => [portInput(name), String(hostPort)]);
  return { node_image: config.nodeImage ?? 'auto', ...Object.fromEntries(ports) };
}

function portInput(name: string): string {
  return `port ${name}`;
}

async function observe(ctx: StepContext, config: ClusterConfig, stack: Stack): Promise<Observation> {
  const nodes = await inspectNodes(ctx.query, config, config.cluster);
  const [node] = nodes;
  if (node === undefined) return { state: 'absent', reason: `there is no cluster "${config.cluster}"` };
  const recorded = ctx.recorded?.outputs ?? {};
  const stopped = nodes.filter(({ running, paused }) => !running || paused).map(({ name }) => name);
  const [{ claim, installId }, mark, kept] = await Promise.all([
    claimOf(ctx, config, node),
    stopped.length > 0 ? undefined : lookForMark(ctx, config),
    readClusterRecord(config),
    // The next step needs them; a failure is its to tell.
    stack.render(ctx, installIdOf(ctx, config)).catch(() => undefined),
  ]);
  if (claim === 'half_made') return { state: 'unhealthy', reason: 'half-made by an interrupted run: it is made again' };
  if (claim === 'ours') refuseMissingPorts(config, node);
  if (stopped.length > 0) return { state: 'unhealthy', reason: `stopped: ${stopped.join(', ')}` };
  if (mark === 'unreachable') return { state: 'unhealthy', reason: 'its API does not answer' };
  if (claim === 'foreign') {
    if (recorded.ours === false) return { state: 'present', reason: 'in use, not made by this installer' };
    return { state: 'unhealthy', reason: 'a cluster of that name exists that this installer did not make: it is used' };
  }
  // Nothing recorded: the state was lost or reset, after the last thing that making a cluster does.
  const lost = recorded.intent === undefined && kept?.container === node.id;
  if (!lost && (recorded.intent !== 'done' || recorded.ours !== true))
    return { state: 'unhealthy', reason: 'not finished yet' };
  if (mark === undefined) return { state: 'unhealthy', reason: 'the mark of this installation is missing in it' };
  const found = lost ? { outputs: describeOwnCluster(config, node, installId) } : {};
  return { state: 'present', reason: `${node.name} runs, its API answers`, ...found };
}

async function lookForMark(ctx: StepContext, config: ClusterConfig): Promise<string | undefined> {
  try {
    return await readMark(ctx, config);
  } catch (thrown) {
    ctx.signal.throwIfAborted();
    if (!isApiUnreachable(thrown)) ctx.log(String(thrown));
    return 'unreachable';
  }
}

async function apply(ctx: StepContext, config: ClusterConfig, stack: Stack): Promise<Outputs> {
  const nodes = await inspectNodes(ctx.query, config, config.cluster);
  const [node] = nodes;
  if (node !== undefined) {
    const { claim, installId } = await claimOf(ctx, config, node);
    if (claim !== 'half_made') {
      if (claim === 'ours') refuseMissingPorts(config, node);
      return await mendCluster(ctx, config, nodes, claim === 'ours' ? installId : undefined);
    }
    ctx.progress('removing what an interrupted run has left half-made');
    await removeCluster(ctx, config);
  }
  return await makeCluster(ctx, config, stack);
}

async function claimOf(
  ctx: StepContext,
  config: ClusterConfig,
  node: NodeContainer,
): Promise<{ claim: Claim; installId: string }> {
  // Not `ctx.recorded`: an earlier attempt of this very run may have left its intent.
  const evidence = await collectEvidence(ctx.query, config, node, ctx.outputsOf(ctx.step));
  return { claim: judgeClaim(node, evidence), installId: evidence.markedId ?? config.installId };
}

/** Docker cannot publish a further port of an existing container. @throws InstallerError `needs_new_cluster` */
function refuseMissingPorts(config: ClusterConfig, node: NodeContainer): void {
  const missing = chosenPorts(config.ports).filter((port) => !isPublished(node, port, port.hostPort));
  if (missing.length === 0) return;
  const lines = missing.map(({ name, hostPort }) => `port ${name}  ${hostPort} is not published by ${node.name}`);
  throw new InstallerError(
    'needs_new_cluster',
    `cluster "${config.cluster}" was made without a port that is asked for`,
    {
      lines,
      hint: 'leave the component out with --without, or remove the cluster with --delete and create it again',
    },
  );
}

/** Deletes only what carries our mark; a cluster of somebody else stays, and is said to stay. */
async function rollback(ctx: StepContext, config: ClusterConfig): Promise<void> {
  const [node] = await inspectNodes(ctx.query, config, config.cluster);
  const claim = node === undefined ? undefined : (await claimOf(ctx, config, node)).claim;
  if (claim === 'foreign') {
    ctx.notice(`cluster "${config.cluster}" was not made by this installer: it stays`);
  } else if (claim !== undefined) {
    ctx.progress(`deleting cluster "${config.cluster}"`);
    await removeCluster(ctx, config);
  }
  // Of a cluster made by others, the user's kubeconfig holds what those have written.
  if (claim !== 'foreign' && ctx.outputsOf(ctx.step).ours !== false) await withdrawKubeconfig(ctx, config);
  if (ctx.recorded?.outputs?.made_network === true) {
    // Docker refuses as long as another cluster uses it.
    await askDocker(ctx.query, config, ['network', 'rm', 'kind']);
  }
  await rm(config.dataDir, { recursive: true, force: true });
}
