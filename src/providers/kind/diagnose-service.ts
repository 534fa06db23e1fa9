import { basename } from 'node:path';
import type { StepContext } from '../../engine/step.ts';
import type { EndpointResult } from '../../steps/verify/probe-endpoints.ts';
import { listenerOf, type PortListener } from '../../system/port-listener.ts';
import type { ClusterConfig } from '../provider.ts';
import { judgePod } from './judge-pod.ts';
import { getObjects, type KubeObject } from './kubectl.ts';
import { STACK_NAMESPACE } from './names.ts';
import { isPod, isPodReady } from './pod-shapes.ts';
import { KIND_PORTS } from './ports.ts';

/** What was found out about a service that does not answer. */
export interface ServiceFacts {
  name: string;
  answer: string;
  hostPort: number;
  /** Undefined when nobody listens, as far as the system tells. */
  listener: PortListener | undefined;
  /** Names of pods that are not ready, with what they wait for; undefined when it could not be asked. */
  unready: readonly string[] | undefined;
  pods: number;
  /** Addresses behind the Service; undefined when it could not be asked. */
  addresses: number | undefined;
}

/** Programs that forward a published port, by the engines that kind runs on. */
const FORWARDERS = /docker|rootlesskit|rootlessport|containerd|vpnkit|gvproxy|limactl|colima|wslrelay|ssh/i;

interface EndpointSlice extends KubeObject {
  endpoints?: { conditions?: { ready?: boolean } }[];
}

/** Finds out why a service does not answer, from its port on the host to its pods. One sentence. */
export async function diagnoseService(
  ctx: StepContext,
  config: ClusterConfig,
  result: EndpointResult,
): Promise<string> {
  const { name } = result.endpoint;
  const component = KIND_PORTS.find((port) => port.name === name)?.component ?? name;
  const inStack = ['--namespace', STACK_NAMESPACE, '--selector'];
  const [pods, slices] = await Promise.all([
    ask(ctx, config, ['pods', ...inStack, `app.kubernetes.io/name=${component}`]),
    ask(ctx, config, ['endpointslices', ...inStack, `kubernetes.io/service-name=${component}`]),
  ]);
  ctx.signal.throwIfAborted();
  const hostPort = config.ports[name] ?? 0;
  const unready = pods?.filter(isPod).filter((pod) => !isPodReady(pod));
  const backed = (slices as readonly EndpointSlice[] | undefined)?.flatMap(({ endpoints = [] }) => endpoints);
  return explainService({
    name,
    answer: result.answer,
    hostPort,
    listener: listenerOf(hostPort),
    pods: pods?.length ?? 0,
    unready: unready?.map((pod) => `${pod.metadata.name} (${judgePod(pod, [], ctx.clock.now()).waitsFor})`),
    addresses: backed?.filter(({ conditions }) => conditions?.ready !== false).length,
  });
}

/** The most telling fact first: who holds the port, then the pods, then the Service. */
export function explainService(facts: ServiceFacts): string {
  const { name, answer, hostPort, listener, pods, unready, addresses } = facts;
  const holder = listener?.process;
  const program = basename(holder?.cmdline[0] ?? '');
  if (holder !== undefined && program !== '' && !FORWARDERS.test(program)) {
    return `${name}: ${program} (pid ${holder.pid}) listens on port ${hostPort} instead of the cluster`;
  }
  if (unready === undefined) return `${name}: ${answer}; the cluster's API cannot be asked why`;
  if (pods === 0) return `${name}: ${answer}; it has no pod`;
  if (unready.length > 0) return `${name}: ${answer}; its pod is not ready: ${unready.join(', ')}`;
  if (addresses === 0) return `${name}: ${answer}; its Service has no endpoints, though its pod is ready`;
  if (listener === undefined) return `${name}: nothing listens on port ${hostPort} of the host; its pod is ready`;
  return `${name}: ${answer}; its pod is ready`;
}

async function ask(
  ctx: StepContext,
  config: ClusterConfig,
  args: readonly string[],
): Promise<readonly KubeObject[] | undefined> {
  return await getObjects(ctx.query, config, args).catch(() => undefined);
}
