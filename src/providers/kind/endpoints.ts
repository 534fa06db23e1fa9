import type { StepContext } from '../../engine/step.ts';
import type { Endpoint } from '../../steps/verify/probe-endpoints.ts';
import type { ClusterConfig, StepId } from '../provider.ts';
import { passwordCommand } from './admin-secret.ts';
import { chosenPorts } from './ports.ts';

/** Health address of each port; OTLP has none of its own, so that any answer counts. gRPC cannot be asked by a plain request. */
const HEALTH: Readonly<Record<string, { path: string; anyAnswer?: true }>> = {
  grafana: { path: '/api/health' },
  mimir: { path: '/ready' },
  loki: { path: '/ready' },
  tempo: { path: '/ready' },
  'otlp-http': { path: '/', anyAnswer: true },
};

/** Address of a port as this machine reaches it: the host's loopback, or, in a cluster made by others, the node itself. */
export function baseUrl(ctx: Pick<StepContext, 'outputsOf'>, config: ClusterConfig, port: string): string {
  const direct = ctx.outputsOf('cluster_create' satisfies StepId)[`url_${port}`];
  return typeof direct === 'string' ? direct : `http://127.0.0.1:${config.ports[port]}`;
}

/** What has to answer before the services are verified. */
export function healthEndpoints(ctx: Pick<StepContext, 'outputsOf'>, config: ClusterConfig): readonly Endpoint[] {
  return chosenPorts(config.ports).flatMap(({ name }) => {
    const health = HEALTH[name];
    if (health === undefined) return [];
    const isHealthy: Pick<Endpoint, 'isHealthy'> =
      health.anyAnswer === true ? { isHealthy: ({ status }) => status !== undefined } : {};
    return [{ name, url: `${baseUrl(ctx, config, name)}${health.path}`, ...isHealthy }];
  });
}

/** What `--status` shows below the steps. */
export function listEndpoints(
  config: Pick<ClusterConfig, 'cluster' | 'components' | 'ports'>,
): readonly { name: string; url: string }[] {
  const scheme = (name: string) => (name === 'otlp-grpc' ? 'grpc' : 'http');
  const shown = chosenPorts(config.ports).map(({ name, hostPort }) => ({
    name,
    url: `${scheme(name)}://127.0.0.1:${hostPort}`,
  }));
  if (!config.components.includes('grafana')) return shown;
  return [...shown, { name: 'grafana password', url: passwordCommand(config.cluster) }];
}
