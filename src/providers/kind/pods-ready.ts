import type { Outputs } from '../../engine/record.ts';
import type { Observation, StepContext } from '../../engine/step.ts';
import { InstallerError } from '../../errors/installer-error.ts';
import type { ClusterConfig, StepBody } from '../provider.ts';
import { titleOf } from './diff.ts';
import { inspectNodes } from './docker.ts';
import type { FailureKind, PodFailure } from './judge-pod.ts';
import { judgePods, type Verdict } from './judge-pods.ts';
import { getObjects, isApiUnreachable, type KubeObject, kubectl } from './kubectl.ts';
import { loadImages } from './load-images.ts';
import { applyObjects } from './manifests-apply.ts';
import { installIdOf } from './mark.ts';
import { STACK_NAMESPACE } from './names.ts';
import { collectPodEvidence } from './pod-evidence.ts';
import { isPod, isVolumeClaim, isWorkload } from './pod-shapes.ts';
import type { Stack } from './stack.ts';
import { wakeProvisioner } from './wake-provisioner.ts';

const TIMEOUT_MS = 10 * 60_000;
/** Before the engine's own limit, which could not say what was waited for. */
const PATIENCE_MS = TIMEOUT_MS - 30_000;
const LOOK_EVERY_S = 2;
const MIN_PAUSE_MS = 150;
const SHOWN = 3;

const HINTS: Readonly<Record<FailureKind, string>> = {
  image: 'pull the image into Docker (docker pull), or name a registry that has it with --image-mirror, then --resume',
  crash: 'its log says why; once the cause is mended: --repair',
  memory: 'raise its memory limit in the manifests, then --resume --accept-changes',
  configuration: 'what it refers to is missing or wrong: --repair sets the manifests right',
  unschedulable: 'give Docker more memory or processors, or leave a component out with --without, then --resume',
  volume: 'its storage class does not provide the volume: kubectl describe pvc tells more',
};

/** Step `pods_ready`: every pod of the manifests' workloads is ready, and of the latest revision. */
export function createPodsReady(config: ClusterConfig, stack: Stack): StepBody {
  return {
    policy: { timeoutMs: TIMEOUT_MS },
    observe: (ctx) => observe(ctx, config, stack),
    apply: (ctx) => apply(ctx, config, stack),
  };
}

async function observe(ctx: StepContext, config: ClusterConfig, stack: Stack): Promise<Observation> {
  try {
    const verdict = await look(ctx, config, stack);
    const { ready, waiting, failures, missing, done, total } = verdict;
    if (ready) return { state: 'present', reason: `${total} pods are ready` };
    if (missing.length === total) return { state: 'absent', reason: 'nothing of it is there' };
    const first = failures[0] === undefined ? waiting[0] : `${failures[0].pod}: ${failures[0].reason}`;
    return { state: 'unhealthy', reason: `${done} of ${total} pods are ready; ${first}`, details: waiting };
  } catch (thrown) {
    ctx.signal.throwIfAborted();
    if (!isApiUnreachable(thrown)) throw thrown;
    return { state: 'unknown', reason: thrown.message };
  }
}

/** Gives what has failed before a fresh start, then waits. What runs is left alone. */
async function apply(ctx: StepContext, config: ClusterConfig, stack: Stack): Promise<Outputs> {
  const { failures, missing } = await look(ctx, config, stack);
  if (missing.length > 0) {
    ctx.progress(`making again: ${missing.map(titleOf).join(', ')}`);
    await applyObjects(ctx, config, missing);
  }
  if (failures.some(({ kind }) => kind === 'image')) {
    const nodes = await inspectNodes(ctx.query, config, config.cluster);
    await loadImages(
      ctx,
      config,
      nodes.map(({ name }) => name),
      await stack.images(),
    );
  }
  for (const { pod, namespace } of failures) {
    ctx.progress(`restarting ${pod}`, { item: pod });
    await ctx.exec(kubectl(config, ['delete', 'pod', pod, '--namespace', namespace, '--ignore-not-found']));
  }
  return await awaitReady(ctx, config, stack);
}

async function awaitReady(ctx: StepContext, config: ClusterConfig, stack: Stack): Promise<Outputs> {
  const deadline = ctx.clock.now() + PATIENCE_MS;
  for (;;) {
    const verdict = await look(ctx, config, stack);
    if (verdict.ready) return { pods: verdict.total };
    if (verdict.failures.length > 0) throw await failure(ctx, config, verdict.failures);
    if (ctx.clock.now() >= deadline) throw tooLate(verdict);
    const more = verdict.waiting.length > 1 ? `, and ${verdict.waiting.length - 1} more` : '';
    ctx.progress(`${verdict.waiting[0]}${more}`, { done: verdict.done, total: verdict.total });
    if (verdict.pendingClaims) await wakeProvisioner(ctx, config);
    await awaitChange(ctx, config);
  }
}

/** A watch by the server ends the pause as soon as all are ready; a look now and then finds what has failed. */
async function awaitChange(ctx: StepContext, config: ClusterConfig): Promise<void> {
  const args = ['wait', 'pods', '--all', '--namespace', STACK_NAMESPACE, '--for=condition=Ready'];
  await ctx.query(kubectl(config, [...args, `--timeout=${LOOK_EVERY_S}s`]));
  await ctx.clock.sleep(MIN_PAUSE_MS, ctx.signal);
}

async function look(ctx: StepContext, config: ClusterConfig, stack: Stack): Promise<Verdict> {
  const wanted = (await stack.render(ctx, installIdOf(ctx, config))).filter(isWorkload);
  const live: readonly KubeObject[] = await getObjects(ctx.query, config, [
    'pods,persistentvolumeclaims,deployments,statefulsets,daemonsets',
    '--namespace',
    STACK_NAMESPACE,
  ]);
  const workloads = live.filter(isWorkload);
  return judgePods(
    wanted,
    { workloads, pods: live.filter(isPod), claims: live.filter(isVolumeClaim) },
    ctx.clock.now(),
  );
}

async function failure(
  ctx: StepContext,
  config: ClusterConfig,
  failures: readonly PodFailure[],
): Promise<InstallerError> {
  const shown = failures.slice(0, SHOWN);
  const evidence = await Promise.all(shown.map((one) => collectPodEvidence(ctx, config, one)));
  const [first] = shown;
  const others = failures.length > 1 ? ` (and ${failures.length - 1} more)` : '';
  return new InstallerError('step_failed', `pod ${first?.pod} cannot become ready${others}: ${first?.reason}`, {
    lines: evidence.flat(),
    tail: [],
    ...(first === undefined ? {} : { hint: HINTS[first.kind] }),
  });
}

function tooLate({ done, total, waiting }: Verdict): InstallerError {
  const seconds = Math.round(PATIENCE_MS / 1000);
  return new InstallerError('step_failed', `only ${done} of ${total} pods are ready after ${seconds} s`, {
    lines: waiting,
    hint: `what the cluster says: kubectl -n ${STACK_NAMESPACE} describe pods; then --resume`,
  });
}
