import type { Notifications } from '../dashboards/alerts/notifications.ts';
import type { Step } from '../engine/step.ts';

export const COMPONENTS = [
  'grafana',
  'mimir',
  'tempo',
  'loki',
  'otel-collector',
  'prometheus',
  'alertmanager',
] as const;
export type Component = (typeof COMPONENTS)[number];

/** A port on the host, loopback only. */
export interface PortSpec {
  /** Name used by `--port NAME=PORT`. */
  name: string;
  component: Component;
  /** Of the first cluster; a further one gets a free port. */
  defaultPort: number;
}

/** The ids of create-cluster's steps, in order. They never change (state key, span name, metric label). */
export const STEP_IDS = [
  'preflight',
  'cluster_create',
  'manifests_apply',
  'pods_ready',
  'services_verify',
  'metrics_seed',
] as const;
export type StepId = (typeof STEP_IDS)[number];

/** A step as a provider writes it; the plan gives it its id, title and place. */
export type StepBody = Omit<Step, 'id' | 'title' | 'needs'>;

/** A step beside the six, which a provider adds for what is chosen. */
export interface FurtherStep {
  id: string;
  title: string;
  needs: readonly StepId[];
  body: StepBody;
}

export interface PreflightThresholds {
  diskGb: number;
  memoryGb: number;
  cpus: number;
}

/** Everything a provider needs to know, resolved: flags, environment, config file and recorded values are merged already. */
export interface ClusterConfig {
  cluster: string;
  /** Written on everything that this installation makes, so that it is told from what others made. */
  installId: string;
  /** $CONTEXTCORE_HOME. */
  home: string;
  /** Folder of this cluster's own data (host provider: databases, pid files; kind: kubeconfig, exported logs). */
  dataDir: string;
  /** Folder of downloaded programs, shared by clusters: $CONTEXTCORE_HOME/bin. */
  binDir: string;
  components: readonly Component[];
  /** Host port by port name (`PortSpec.name`), for the chosen components. */
  ports: Readonly<Record<string, number>>;
  /** kind only: `--node-image`; absent: a local one if Docker has it, else the default. */
  nodeImage?: string;
  /** `--image-mirror PREFIX`: replaces the registry of every image reference. */
  imageMirror?: string;
  /** Who is told about alerts, by Grafana: checked, and without a secret in it. */
  notifications?: Notifications;
  /** Values of the variables that they name, in a run that was given them. Never recorded. */
  notificationValues?: Readonly<Record<string, string>>;
  preflight: PreflightThresholds;
  /** The kustomize folder (k8s/). */
  manifestsDir: string;
  /** `--yes`: downloads and destructive mends need no question. */
  yes: boolean;
  /** The environment of the process, for PATH, KUBECONFIG, DOCKER_HOST, proxies. */
  env: Readonly<Record<string, string | undefined>>;
}

/** Whose a thing of this cluster's name is. */
export type Ownership = 'ours' | 'foreign' | 'absent' | 'unknown';

export interface Recovered {
  components: readonly Component[];
  /** Host ports by name; those that do not show are left out. */
  ports: Readonly<Record<string, number>>;
}

/** What a cluster is made of. */
export interface Provider {
  readonly name: 'kind' | 'host';
  readonly ports: readonly PortSpec[];
  readonly components: readonly Component[];
  /** The six bodies; the plan create-cluster puts them together. */
  steps(config: ClusterConfig): Record<StepId, StepBody>;
  /** Steps beside the six; they stand behind them. */
  furtherSteps?(config: ClusterConfig): readonly FurtherStep[];
  /** Looks for the mark on the thing itself; used when there is no state. */
  ownership(config: ClusterConfig): Promise<{ owner: Ownership; installId?: string; reason: string }>;
  /** What an existing installation has, as far as it shows: for a state that was lost. */
  recover(config: ClusterConfig): Promise<Recovered>;
  /** What `--status` shows below the steps: addresses, where the password is. */
  endpoints(config: Pick<ClusterConfig, 'cluster' | 'components' | 'ports'>): readonly { name: string; url: string }[];
}
