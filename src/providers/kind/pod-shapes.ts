import type { KubeObject } from './kubectl.ts';

/** The parts of pods, claims and workloads that are judged (https://kubernetes.io/docs/reference/kubernetes-api/). */

export interface ContainerStatus {
  name: string;
  ready: boolean;
  restartCount: number;
  state?: ContainerState;
  lastState?: ContainerState;
}

interface ContainerState {
  waiting?: { reason?: string; message?: string };
  terminated?: { reason?: string; exitCode?: number };
}

interface Condition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
  lastTransitionTime?: string;
}

export interface Pod extends KubeObject {
  spec?: { volumes?: { persistentVolumeClaim?: { claimName: string } }[] };
  status?: {
    phase?: string;
    startTime?: string;
    conditions?: Condition[];
    containerStatuses?: ContainerStatus[];
    initContainerStatuses?: ContainerStatus[];
  };
}

export interface VolumeClaim extends KubeObject {
  status?: { phase?: string };
}

export interface Workload extends KubeObject {
  spec?: { replicas?: number; selector?: { matchLabels?: Record<string, string> } };
  status?: {
    observedGeneration?: number;
    replicas?: number;
    readyReplicas?: number;
    updatedReplicas?: number;
    desiredNumberScheduled?: number;
    numberReady?: number;
    updatedNumberScheduled?: number;
  };
}

const WORKLOAD_KINDS = ['Deployment', 'StatefulSet', 'DaemonSet'];

export function isWorkload(object: KubeObject): object is Workload {
  return WORKLOAD_KINDS.includes(object.kind);
}

export function isPod(object: KubeObject): object is Pod {
  return object.kind === 'Pod';
}

export function isVolumeClaim(object: KubeObject): object is VolumeClaim {
  return object.kind === 'PersistentVolumeClaim';
}

/** The pods that a workload's selector chooses; those that are going away do not count. */
export function podsOf(workload: Workload, pods: readonly Pod[]): readonly Pod[] {
  const labels = Object.entries(workload.spec?.selector?.matchLabels ?? {});
  return pods.filter(
    ({ metadata }) =>
      metadata.namespace === workload.metadata.namespace &&
      metadata.deletionTimestamp === undefined &&
      labels.length > 0 &&
      labels.every(([key, value]) => metadata.labels?.[key] === value),
  );
}

export function isPodReady(pod: Pod): boolean {
  return pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
}
