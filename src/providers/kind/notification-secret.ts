import { variablesOf } from '../../dashboards/alerts/notifications.ts';
import type { StepContext } from '../../engine/step.ts';
import { InstallerError } from '../../errors/installer-error.ts';
import type { ClusterConfig } from '../provider.ts';
import { titleOf } from './diff.ts';
import { getObjects, kubectl } from './kubectl.ts';
import { FIELD_MANAGER, INSTALL_ID_LABEL, STACK_NAMESPACE } from './names.ts';

/** As the Grafana manifest asks for it: each key is a variable of its environment. */
const SECRET = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'grafana-notifications', namespace: STACK_NAMESPACE },
};
const { name: NAME, namespace: NAMESPACE } = SECRET.metadata;

/**
 * What is wrong with the values that Grafana's contact points name. Those that this run was not given are only looked
 * for.
 *
 * @returns undefined when nothing is
 */
export async function findSecretFault(ctx: Pick<StepContext, 'query'>, config: ClusterConfig) {
  const names = config.notifications === undefined ? [] : variablesOf(config.notifications);
  if (names.length === 0) return undefined;
  const live = await readValues(ctx, config);
  if (live === undefined) return { finding: `missing: ${titleOf(SECRET)}`, there: false };
  const given = config.notificationValues ?? {};
  const same = names.every((name) => live[name] !== undefined && (given[name] ?? live[name]) === live[name]);
  return same ? undefined : { finding: `differs: ${titleOf(SECRET)}`, there: true };
}

/**
 * Writes the values into the cluster. They go to the API by standard input and stand in no file of ours.
 *
 * @returns whether Grafana runs with older ones, and must be started anew
 * @throws InstallerError `config` when a value is needed that this run was not given
 */
export async function ensureNotificationSecret(
  ctx: StepContext,
  config: ClusterConfig,
  installId: string,
): Promise<boolean> {
  const { notifications, notificationValues: given = {} } = config;
  const fault = await findSecretFault(ctx, config);
  if (notifications === undefined || fault === undefined) return false;
  const names = variablesOf(notifications);
  const lacking = names.find((name) => given[name] === undefined);
  if (lacking !== undefined) {
    throw new InstallerError('config', `Grafana's contact points need ${lacking}, which the cluster does not have`, {
      hint: `export ${lacking}, and run the same command with the --config FILE that names it`,
    });
  }
  const labels = { [INSTALL_ID_LABEL]: installId };
  const data = Object.fromEntries(names.map((name) => [name, Buffer.from(given[name] ?? '').toString('base64')]));
  const secret = { ...SECRET, metadata: { ...SECRET.metadata, labels }, type: 'Opaque', data };
  const args = ['apply', '--server-side', `--field-manager=${FIELD_MANAGER}`, '--force-conflicts', '-f', '-'];
  await ctx.exec(kubectl(config, args, { input: JSON.stringify(secret) }));
  return fault.there;
}

/** Takes it away, where nobody is told any more. */
export async function removeNotificationSecret(ctx: StepContext, config: ClusterConfig): Promise<void> {
  await ctx.exec(kubectl(config, ['delete', 'secret', NAME, '--namespace', NAMESPACE, '--ignore-not-found']));
}

/** Grafana reads its environment when it starts. */
export async function restartGrafana(ctx: StepContext, config: ClusterConfig): Promise<void> {
  await ctx.exec(kubectl(config, ['rollout', 'restart', 'statefulset/grafana', '--namespace', NAMESPACE]));
}

async function readValues(
  ctx: Pick<StepContext, 'query'>,
  config: ClusterConfig,
): Promise<Readonly<Record<string, string>> | undefined> {
  const [found] = await getObjects(ctx.query, config, ['secret', NAME, '--namespace', NAMESPACE]);
  if (found === undefined) return undefined;
  const data = (found.data ?? {}) as Record<string, string>;
  return Object.fromEntries(
    Object.entries(data).map(([name, value]) => [name, Buffer.from(value, 'base64').toString()]),
  );
}
