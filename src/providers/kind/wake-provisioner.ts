import type { StepContext } from '../../engine/step.ts';
import type { ClusterConfig, StepId } from '../provider.ts';
import { getObjects, kubectl } from './kubectl.ts';
import { isPod } from './pod-shapes.ts';

/** Where kind puts the provisioner of its storage class. */
const NAMESPACE = 'local-path-storage';

/**
 * The provisioner of a fresh cluster may start before the network does, crash, and then be held back for longer than it
 * takes to mend: a new pod of it starts at once. In a cluster made by others it is left alone.
 */
export async function wakeProvisioner(ctx: StepContext, config: ClusterConfig): Promise<void> {
  if (ctx.outputsOf('cluster_create' satisfies StepId).ours !== true) return;
  const pods = (await getObjects(ctx.query, config, ['pods', '--namespace', NAMESPACE])).filter(isPod);
  for (const { metadata, status } of pods) {
    const isHeldBack = status?.containerStatuses?.some(({ state }) => state?.waiting?.reason === 'CrashLoopBackOff');
    if (isHeldBack !== true) continue;
    ctx.progress(`restarting ${metadata.name}`, { item: metadata.name });
    const args = ['delete', 'pod', metadata.name, '--namespace', NAMESPACE, '--ignore-not-found', '--wait=false'];
    await ctx.exec(kubectl(config, args));
  }
}
