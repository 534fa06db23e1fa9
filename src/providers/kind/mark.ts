import type { StepContext } from '../../engine/step.ts';
import type { ClusterConfig, StepId } from '../provider.ts';
import { getObjects, kubectl } from './kubectl.ts';
import { FIELD_MANAGER, INSTALL_ID_LABEL, MARK } from './names.ts';

/** The install id that the cluster was made with; it outlives a reset of the state. */
export function installIdOf(ctx: Pick<StepContext, 'outputsOf'>, config: ClusterConfig): string {
  const { install_id: made } = ctx.outputsOf('cluster_create' satisfies StepId);
  return typeof made === 'string' ? made : config.installId;
}

/** Writes the mark into a cluster of ours: a ConfigMap that says which installation made it. Safe to repeat. */
export async function markCluster(ctx: StepContext, config: ClusterConfig, installId: string): Promise<void> {
  const mark = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { ...MARK, labels: { [INSTALL_ID_LABEL]: installId } },
    data: { install_id: installId, cluster: config.cluster },
  };
  const args = ['apply', '--server-side', `--field-manager=${FIELD_MANAGER}`, '--force-conflicts', '-f', '-'];
  await ctx.exec(kubectl(config, args, { input: JSON.stringify(mark) }));
}

/** The install id that the mark in the cluster names; undefined without a mark. @throws InstallerError as `getObjects` */
export async function readMark(ctx: Pick<StepContext, 'query'>, config: ClusterConfig): Promise<string | undefined> {
  const [mark] = await getObjects(ctx.query, config, ['configmap', MARK.name, '--namespace', MARK.namespace]);
  const data = mark?.data as Record<string, string> | undefined;
  return data?.install_id;
}
