import type { ContainerStatus, Pod, VolumeClaim } from './pod-shapes.ts';

export type FailureKind = 'image' | 'crash' | 'memory' | 'configuration' | 'unschedulable' | 'volume';

/** A pod that will not become ready by waiting. */
export interface PodFailure {
  kind: FailureKind;
  namespace: string;
  pod: string;
  container?: string;
  /** One sentence. */
  reason: string;
}

const IMAGE_NEVER = ['InvalidImageName', 'ErrImageNeverPull'];
const IMAGE_TROUBLE = ['ErrImagePull', 'ImagePullBackOff', 'ImageInspectError', 'RegistryUnavailable'];
const START_TROUBLE = ['CreateContainerConfigError', 'CreateContainerError', 'RunContainerError'];
/** A registry may fail once; a Secret may come a moment after the pod. */
const START_GRACE_MS = 20_000;
const CLAIM_GRACE_MS = 60_000;
const SCHEDULE_GRACE_MS = 20_000;
/** A node that is just being made is not ready for a while; Kubernetes since 1.34 tells of its taint without the name. */
const NODE_GRACE_MS = 150_000;
/** One crash may be a start before what it needs; a second one is no accident. */
const RESTARTS = 2;

/**
 * Judges a pod that is not ready.
 *
 * @param nowMs milliseconds since the epoch
 * @returns what it waits for, in a few words, and its failure when waiting cannot help
 */
export function judgePod(
  pod: Pod,
  claims: readonly VolumeClaim[],
  nowMs: number,
): { waitsFor: string; failure?: PodFailure } {
  const { name, namespace = '' } = pod.metadata;
  const found = judgeContainers(pod, nowMs) ?? judgeClaims(pod, claims, nowMs) ?? judgeScheduling(pod, nowMs);
  if (found === undefined) return { waitsFor: describeWait(pod) };
  const { final, ...rest } = found;
  return final ? { waitsFor: rest.reason, failure: { ...rest, namespace, pod: name } } : { waitsFor: rest.reason };
}

interface Finding {
  kind: FailureKind;
  container?: string;
  reason: string;
  /** Waiting does not help. */
  final: boolean;
}

function judgeContainers(pod: Pod, nowMs: number): Finding | undefined {
  const { initContainerStatuses = [], containerStatuses = [] } = pod.status ?? {};
  const age = nowMs - Date.parse(pod.status?.startTime ?? pod.metadata.creationTimestamp ?? '');
  for (const status of [...initContainerStatuses, ...containerStatuses]) {
    const finding = judgeContainer(status, age);
    if (finding !== undefined) return { ...finding, container: status.name };
  }
  return undefined;
}

function judgeContainer(status: ContainerStatus, ageMs: number): Finding | undefined {
  const { name, restartCount, state = {}, lastState = {} } = status;
  const { reason = '', message = '' } = state.waiting ?? {};
  const about = message === '' ? reason : `${reason}: ${message}`;
  if (IMAGE_NEVER.includes(reason)) return { kind: 'image', reason: about, final: true };
  if (IMAGE_TROUBLE.includes(reason)) return { kind: 'image', reason: about, final: ageMs > START_GRACE_MS };
  if (START_TROUBLE.includes(reason)) return { kind: 'configuration', reason: about, final: ageMs > START_GRACE_MS };
  const ended = state.terminated ?? lastState.terminated;
  if (ended?.reason === 'OOMKilled' && !status.ready) {
    return { kind: 'memory', reason: `${name} was killed for using more memory than its limit`, final: true };
  }
  const crashed = reason === 'CrashLoopBackOff' || (state.terminated?.exitCode ?? 0) !== 0;
  if (!crashed) return undefined;
  const code = ended?.exitCode === undefined ? '' : ` with exit code ${ended.exitCode}`;
  const times = restartCount === 1 ? 'once' : `${restartCount} times`;
  return { kind: 'crash', reason: `${name} crashed${code}, restarted ${times}`, final: restartCount >= RESTARTS };
}

function judgeClaims(pod: Pod, claims: readonly VolumeClaim[], nowMs: number): Finding | undefined {
  const names = pod.spec?.volumes?.flatMap(({ persistentVolumeClaim: claim }) => claim?.claimName ?? []) ?? [];
  for (const name of names) {
    const claim = claims.find(
      ({ metadata }) => metadata.name === name && metadata.namespace === pod.metadata.namespace,
    );
    if (claim?.status?.phase === 'Lost') {
      return { kind: 'volume', reason: `the volume of claim ${name} is lost`, final: true };
    }
    if (claim?.status?.phase !== 'Pending') continue;
    const age = nowMs - Date.parse(claim.metadata.creationTimestamp ?? '');
    return { kind: 'volume', reason: `volume claim ${name} is pending`, final: age > CLAIM_GRACE_MS };
  }
  return undefined;
}

function judgeScheduling(pod: Pod, nowMs: number): Finding | undefined {
  const condition = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled');
  if (condition?.status !== 'False' || condition.reason !== 'Unschedulable') return undefined;
  const { message = 'no node fits', lastTransitionTime = '' } = condition;
  const grace = /not-ready|uninitialized|untolerated taint\(s\)/.test(message) ? NODE_GRACE_MS : SCHEDULE_GRACE_MS;
  const age = nowMs - Date.parse(lastTransitionTime || (pod.metadata.creationTimestamp ?? ''));
  return { kind: 'unschedulable', reason: `cannot be scheduled: ${message}`, final: age > grace };
}

function describeWait({ status = {} }: Pod): string {
  const waiting = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])].find(
    ({ ready, state }) => !ready && state?.waiting?.reason !== undefined,
  );
  if (waiting !== undefined) return waiting.state?.waiting?.reason ?? '';
  return status.phase === 'Running' ? 'running, not ready yet' : (status.phase ?? 'not started').toLowerCase();
}
