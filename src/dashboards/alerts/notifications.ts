import { stringify } from 'yaml';
import * as z from 'zod';
import { InstallerError } from '../../errors/installer-error.ts';
import { ALERT_LABEL } from './render.ts';

const severity = z.enum(['P1', 'P2', 'P3', 'P4']);
const pointSchema = z.strictObject({
  name: z.string().regex(/^[^$]+$/, 'a name without "$"'),
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

/** A setting that holds a secret by its name; of some integrations the address is one. */
const SECRET_SETTING = /pass(word|wd|phrase)|token|secret|key$|credentials/i;
const SECRET_ADDRESSES: ReadonlySet<string> = new Set(['slack', 'discord', 'teams', 'googlechat', 'wecom', 'dingding']);
const VARIABLE = /\$(?:\{([^}]*)\}|([A-Za-z_]\w*))?/g;
const VARIABLE_NAME = /^[A-Z_][A-Z0-9_]*$/;

/**
 * The section `notifications` of a configuration, checked. It is recorded and written into files, so that a secret must
 * not stand in it.
 *
 * @param where named in the error, such as the path of the configuration file
 * @throws InstallerError `config` naming the field
 */
export function readNotifications(section: unknown, where?: string): z.output<typeof notificationsSchema> {
  const fail = (path: readonly PropertyKey[], message: string, hint = 'see docs/notifications.md for an example') =>
    new InstallerError(
      'config',
      `${where === undefined ? '' : `${where}: `}${['notifications', ...path].join('.')}: ${message}`,
      { hint },
    );
  const parsed = notificationsSchema.safeParse(section);
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw fail(issue?.path ?? [], issue?.message ?? 'not understood');
  }
  const uids = parsed.data.contact_points.map(({ name }) => uidOf(name));
  const twin = uids.findIndex((uid, index) => uids.indexOf(uid) < index);
  if (twin >= 0) throw fail(['contact_points', twin, 'name'], 'is too much like the name of another');
  for (const [index, { type, settings }] of parsed.data.contact_points.entries()) {
    for (const [key, value] of Object.entries(settings)) {
      const path = ['contact_points', index, 'settings', key];
      const names = namesIn(value);
      const wrong = names.find((name) => !VARIABLE_NAME.test(name));
      if (wrong !== undefined) throw fail(path, `"$${wrong}" names no variable`, 'a dollar sign itself is written $$');
      if (names.length === 0 && isSecret(type, key, value)) {
        throw fail(path, 'a secret does not stand here itself', `name a variable of the environment: ${key}: $NAME`);
      }
    }
  }
  return parsed.data;
}

/** Variables that the settings name: their values come from the environment. */
export function variablesOf({ contact_points }: Notifications): readonly string[] {
  const values = contact_points.flatMap(({ settings }) => Object.values(settings));
  return [...new Set(values.flatMap(namesIn))].sort();
}

/** As Grafana reads provisioning files: `$NAME` and `${NAME}`; `$$` is a dollar sign. */
function namesIn(value: string | boolean | number): string[] {
  if (typeof value !== 'string') return [];
  return [...value.replaceAll('$$', '').matchAll(VARIABLE)].map(([, braced, plain]) => braced ?? plain ?? '');
}

function isSecret(type: string, key: string, value: string | boolean | number): boolean {
  if (typeof value !== 'string') return false;
  const isAddress = key.toLowerCase() === 'url';
  return SECRET_SETTING.test(key) || (isAddress && (SECRET_ADDRESSES.has(type) || /^\w+:\/\/[^/]*@/.test(value)));
}

/**
 * Grafana's contact points and notification policy, as a provisioning file, from the configuration.
 *
 * @param config the section `notifications` of a configuration
 * @throws InstallerError `config` naming the field
 */
export function renderNotifications(config: unknown): string {
  const { contact_points, default_point, repeat_interval } = readNotifications(config);
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
