import { keyOf, titleOf } from './diff.ts';
import { judgePod, type PodFailure } from './judge-pod.ts';
import type { KubeObject } from './kubectl.ts';
import { isPodReady, type Pod, podsOf, type VolumeClaim, type Workload } from './pod-shapes.ts';

export interface Verdict {
  /** Everything wanted is there, of the latest revision, and ready. */
  ready: boolean;
  /** What is waited for, one line each. */
  waiting: readonly string[];
  /** Pods that will not become ready by waiting. */
  failures: readonly PodFailure[];
  /** Wanted workloads that do not exist. */
  missing: readonly KubeObject[];
  /** Some volume claim has no volume yet. */
  pendingClaims: boolean;
  /** Pods that are ready, and pods that there should be. */
  done: number;
  total: number;
}

/**
 * Judges whether the wanted workloads run, and if not, whether waiting can help.
 *
 * @param wanted workloads as the manifests have them
 * @param live workloads, pods and claims of the cluster
 * @param nowMs milliseconds since the epoch, for the graces
 */
export function judgePods(
  wanted: readonly KubeObject[],
  live: { workloads: readonly Workload[]; pods: readonly Pod[]; claims: readonly VolumeClaim[] },
  nowMs: number,
): Verdict {
  const byKey = new Map(live.workloads.map((workload) => [keyOf(workload), workload]));
  const missing: KubeObject[] = [];
  const waiting: string[] = [];
  const failures: PodFailure[] = [];
  let done = 0;
  let total = 0;
  for (const object of wanted) {
    const workload = byKey.get(keyOf(object));
    if (workload === undefined) {
      missing.push(object);
      waiting.push(`${titleOf(object)} does not exist`);
      total += 1;
      continue;
    }
    const pods = podsOf(workload, live.pods);
    const replicas = wantedReplicas(workload);
    total += replicas;
    done += Math.min(replicas, pods.filter(isPodReady).length);
    for (const pod of pods.filter((one) => !isPodReady(one))) {
      const judged = judgePod(pod, live.claims, nowMs);
      if (judged.failure !== undefined) failures.push(judged.failure);
      waiting.push(`${pod.metadata.name}: ${judged.waitsFor}`);
    }
    if (waiting.length === 0 && !isRolledOut(workload)) waiting.push(`${titleOf(workload)}: rolling out`);
  }
  const pendingClaims = live.claims.some(({ status }) => status?.phase === 'Pending');
  return { ready: waiting.length === 0, waiting, failures, missing, pendingClaims, done, total };
}

function wantedReplicas({ kind, spec, status }: Workload): number {
  return kind === 'DaemonSet' ? (status?.desiredNumberScheduled ?? 1) : (spec?.replicas ?? 1);
}

/** As `kubectl rollout status` judges. */
function isRolledOut(workload: Workload): boolean {
  const { kind, metadata, status = {} } = workload;
  if ((status.observedGeneration ?? 0) < Number(metadata.generation ?? 0)) return false;
  const replicas = wantedReplicas(workload);
  if (kind === 'DaemonSet') {
    return (status.numberReady ?? 0) >= replicas && (status.updatedNumberScheduled ?? 0) >= replicas;
  }
  const isSettled = (status.replicas ?? 0) === replicas;
  return isSettled && (status.readyReplicas ?? 0) >= replicas && (status.updatedReplicas ?? replicas) >= replicas;
}
