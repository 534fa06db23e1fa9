import { stringify } from 'yaml';
import { z } from 'zod';
import { InstallerError } from '../../errors/installer-error.ts';
import { ALERT_LABEL } from './render.ts';

const severity = z.enum(['P1', 'P2', 'P3', 'P4']);
const pointSchema = z.strictObject({
  name: z.string().min(1),
  /** An integration of Grafana, such as `webhook`, `email` or `slack`. */
  type: z.string().min(1),
  /** Of the integration. A secret stands here as `$NAME` of Grafana's environment. */
  settings: z.record(z.string(), z.union([z.string(), z.boolean(), z.number()])),
  /** Severities that it is told about; default: all. */
  severities: z.array(severity).min(1).optional(),
});

const notificationsSchema = z.strictObject({
  /** Contact point of everything that is not ours: Grafana knows one tree of policies, and provisioning replaces it. */
  default_point: z.string().min(1).default('grafana-default-email'),
  contact_points: z.array(pointSchema).min(1),
  repeat_interval: z.string().default('4h'),
});

export type Notifications = z.input<typeof notificationsSchema>;

/**
 * Grafana's contact points and notification policy, as a provisioning file, from the configuration.
 *
 * @param config the section `notifications` of a configuration
 * @throws InstallerError `config` naming the field
 */
export function renderNotifications(config: unknown): string {
  const parsed = notificationsSchema.safeParse(config);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw new InstallerError('config', `notifications.${issue?.path.join('.')}: ${issue?.message}`, {
      hint: 'see dashboards/README.md for an example',
    });
  }
  const { contact_points, default_point, repeat_interval } = parsed.data;
  const contactPoints = contact_points.map(({ name, type, settings }) => ({
    orgId: 1,
    name,
    receivers: [{ uid: uidOf(name), type, settings, disableResolveMessage: false }],
  }));
  const ours = `service = ${ALERT_LABEL.service}`;
  const routes = contact_points.map(({ name, severities }) => ({
    receiver: name,
    matchers: [ours, ...(severities === undefined ? [] : [`severity =~ "${severities.join('|')}"`])],
    group_by: ['alertname', 'cluster', 'plan'],
    repeat_interval,
    continue: true,
  }));
  const policies = [{ orgId: 1, receiver: default_point, group_by: ['grafana_folder', 'alertname'], routes }];
  return stringify({ apiVersion: 1, contactPoints, policies }, { lineWidth: 0 });
}

function uidOf(name: string): string {
  return `contextcore-${name.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-')}`.slice(0, 40);
}
