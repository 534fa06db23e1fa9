import type { StepContext } from '../../engine/step.ts';
import type { ClusterConfig } from '../provider.ts';
import { getObjects, kubectl } from './kubectl.ts';
import { GRAFANA_SECRET, makeGrafanaSecret } from './manifests/grafana-secret.ts';
import { contextOf, INSTALL_ID_LABEL } from './names.ts';

/**
 * Makes Grafana's random admin password once. It goes to the API by standard input and is kept nowhere else: an
 * existing one is left as it is.
 */
export async function ensureAdminSecret(ctx: StepContext, config: ClusterConfig, installId: string): Promise<void> {
  const { name, namespace } = GRAFANA_SECRET;
  const found = await getObjects(ctx.query, config, ['secret', name, '--namespace', namespace]);
  if (found.length > 0) return;
  const secret = makeGrafanaSecret({ [INSTALL_ID_LABEL]: installId });
  await ctx.exec(kubectl(config, ['create', '-f', '-'], { input: secret }));
  const [data] = await getObjects(ctx.query, config, ['pvc', 'data-grafana-0', '--namespace', namespace]);
  if (data === undefined) return;
  ctx.notice(
    `Grafana keeps the admin password of its existing data; to set the new one: kubectl --context ${contextOf(config.cluster)} ` +
      `-n ${namespace} exec grafana-0 -- grafana cli admin reset-admin-password NEW`,
    'warning',
  );
}

/** The command that shows the password. */
export function passwordCommand(cluster: string): string {
  const { name, namespace } = GRAFANA_SECRET;
  return `kubectl --context ${contextOf(cluster)} -n ${namespace} get secret ${name} -o go-template='{{.data.password|base64decode}}'`;
}
