import type { Plan } from '../../engine/plan.ts';
import type { Step } from '../../engine/step.ts';
import type { ClusterConfig, Provider, StepId } from '../../providers/provider.ts';

export const CREATE_CLUSTER = 'create-cluster';

/** What each step is for, in the user's words. */
const TITLES: Readonly<Record<StepId, string>> = {
  preflight: 'Check this machine',
  cluster_create: 'Create the cluster',
  manifests_apply: 'Apply the manifests',
  pods_ready: 'Wait until everything runs',
  services_verify: 'Verify the services',
  metrics_seed: 'Send a signal through and read it back',
};

/**
 * The installation itself, whatever the cluster is made of: six steps, each needing the one before, and behind them what
 * the provider adds.
 */
export function createClusterPlan(provider: Provider, config: ClusterConfig): Plan {
  const bodies = provider.steps(config);
  const step = (id: StepId, ...needs: Step[]): Step => ({ ...bodies[id], id, title: TITLES[id], needs });

  const preflight = step('preflight');
  const cluster = step('cluster_create', preflight);
  const manifests = step('manifests_apply', cluster);
  const pods = step('pods_ready', manifests);
  const services = step('services_verify', pods);
  const seed = step('metrics_seed', services);

  const six = [preflight, cluster, manifests, pods, services, seed];
  const further = (provider.furtherSteps?.(config) ?? []).map(
    ({ id, title, needs, body }): Step => ({
      ...body,
      id,
      title,
      needs: six.filter((one) => needs.some((id) => id === one.id)),
    }),
  );

  return {
    name: CREATE_CLUSTER,
    cluster: config.cluster,
    provider: provider.name,
    steps: [...six, ...further],
  };
}
