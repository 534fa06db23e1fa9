import type { Component, Provider } from '../provider.ts';
import { createAlertRules } from './alert-rules.ts';
import { createClusterCreate } from './cluster-create.ts';
import { listEndpoints } from './endpoints.ts';
import { createManifestsApply } from './manifests-apply.ts';
import { createMetricsSeed } from './metrics-seed.ts';
import { chooseNodeImage } from './node-image.ts';
import { findOwner, queryOutside } from './ownership.ts';
import { createPodsReady } from './pods-ready.ts';
import { KIND_PORTS } from './ports.ts';
import { createKindPreflight } from './preflight.ts';
import { recoverInstallation } from './recover.ts';
import { createServicesVerify } from './services-verify.ts';
import { createStack } from './stack.ts';

const COMPONENTS: readonly Component[] = ['grafana', 'mimir', 'tempo', 'loki', 'otel-collector'];
/** Of a tag that is kind's own affair: it is pulled. */
const DEFAULT_NODE_IMAGE = 'kindest/node';

/** A cluster of Kubernetes in Docker, with the observability stack of the manifests. */
export function createKindProvider(): Provider {
  return {
    name: 'kind',
    ports: KIND_PORTS,
    components: COMPONENTS,
    steps: (config) => {
      const stack = createStack(config);
      const images = async () => {
        const node = await chooseNodeImage(queryOutside(config), config);
        return [node ?? DEFAULT_NODE_IMAGE, ...(await stack.images())];
      };
      return {
        preflight: createKindPreflight(config, images),
        cluster_create: createClusterCreate(config, stack),
        manifests_apply: createManifestsApply(config, stack),
        pods_ready: createPodsReady(config, stack),
        services_verify: createServicesVerify(config),
        metrics_seed: createMetricsSeed(config),
      };
    },
    furtherSteps: (config) => (config.components.includes('mimir') ? [createAlertRules(config)] : []),
    ownership: findOwner,
    recover: recoverInstallation,
    endpoints: listEndpoints,
  };
}
