import type { Provider } from '../provider.ts';
import { createClusterCreate } from './cluster-create.ts';
import { HOST_COMPONENTS, HOST_PORTS, serversOf } from './components.ts';
import { createManifestsApply } from './manifests-apply.ts';
import { readMark } from './mark.ts';
import { createMetricsSeed } from './metrics-seed.ts';
import { createPodsReady } from './pods-ready.ts';
import { createHostPreflight } from './preflight.ts';
import { recoverInstallation } from './recover.ts';
import { createServicesVerify } from './services-verify.ts';

/** A "cluster" of local processes: Prometheus and Alertmanager on loopback ports, where no container engine answers. */
export function createHostProvider(): Provider {
  return {
    name: 'host',
    ports: HOST_PORTS,
    components: HOST_COMPONENTS,
    steps: (config) => ({
      preflight: createHostPreflight(config),
      cluster_create: createClusterCreate(config),
      manifests_apply: createManifestsApply(config),
      pods_ready: createPodsReady(config),
      services_verify: createServicesVerify(config),
      metrics_seed: createMetricsSeed(config),
    }),
    ownership: readMark,
    recover: recoverInstallation,
    endpoints: (config) => serversOf({ ...config, dataDir: '' }).map(({ name, url }) => ({ name, url })),
  };
}
