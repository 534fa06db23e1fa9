import type { StepContext } from '../../engine/step.ts';
import type { ClusterConfig } from '../provider.ts';
import type { PodFailure } from './judge-pod.ts';
import { getObjects, type KubeObject, kubectl } from './kubectl.ts';

const EVENTS = 4;
const LOG_LINES = 8;

interface KubeEvent extends KubeObject {
  type?: string;
  reason?: string;
  message?: string;
  count?: number;
  lastTimestamp?: string | null;
  eventTime?: string | null;
}

/** What the cluster says about a failed pod: its warnings, and the last lines of its log. Never throws but when aborted. */
export async function collectPodEvidence(
  ctx: StepContext,
  config: ClusterConfig,
  failure: PodFailure,
): Promise<readonly string[]> {
  const [events, log] = await Promise.all([listEvents(ctx, config, failure), readLog(ctx, config, failure)]);
  ctx.signal.throwIfAborted();
  return [
    `${failure.pod}: ${failure.reason}`,
    ...events.map((event) => `  event  ${event}`),
    ...log.map((line) => `  log    ${line}`),
  ];
}

async function listEvents(ctx: StepContext, config: ClusterConfig, failure: PodFailure): Promise<readonly string[]> {
  const selector = `involvedObject.name=${failure.pod},type=Warning`;
  const args = ['events', '--namespace', failure.namespace, '--field-selector', selector];
  const found: readonly KubeEvent[] = await getObjects(ctx.query, config, args).catch(() => []);
  const timeOf = (event: KubeEvent) => event.lastTimestamp ?? event.eventTime ?? '';
  const sorted = [...found].sort((a, b) => timeOf(a).localeCompare(timeOf(b)));
  return sorted.slice(-EVENTS).map(({ reason, message, count }) => {
    return `${reason}: ${message?.trim().replaceAll('\n', ' ')}${(count ?? 1) > 1 ? ` (${count} times)` : ''}`;
  });
}

async function readLog(ctx: StepContext, config: ClusterConfig, failure: PodFailure): Promise<readonly string[]> {
  if (failure.container === undefined || failure.kind === 'image' || failure.kind === 'configuration') return [];
  const args = ['logs', failure.pod, '--namespace', failure.namespace, '--container', failure.container];
  const tail = `--tail=${LOG_LINES}`;
  for (const which of [['--previous'], []]) {
    const { exitCode, stdout } = await ctx.query(kubectl(config, [...args, tail, ...which], { timeoutMs: 10_000 }));
    if (exitCode === 0 && stdout.trim() !== '') return stdout.trim().split('\n');
  }
  return [];
}
