import { type Notifications, readNotifications, variablesOf } from '../dashboards/alerts/notifications.ts';
import { InstallerError } from '../errors/installer-error.ts';
import type { Component } from '../providers/provider.ts';
import type { ConfigFile } from './config-file.ts';
import type { Options } from './options.ts';

/** `none` takes back what an earlier run was told. */
export type AskedNotifications = Notifications | 'none';

/**
 * The section `notifications` of the configuration file.
 *
 * @returns undefined when it says nothing about them
 * @throws InstallerError `config` naming the file and the field
 */
export function askedNotifications(file: ConfigFile | undefined): AskedNotifications | undefined {
  const { notifications: section, path } = file ?? {};
  if (section === undefined || section === 'none') return section;
  return readNotifications(section, path);
}

/** Names of the variables whose values this run puts into the cluster. */
export function notificationSecrets(file: ConfigFile | undefined, { mode }: Pick<Options, 'mode'>): readonly string[] {
  const asked = askedNotifications(file);
  const applies = mode === 'run' || mode === 'resume' || mode === 'repair';
  return asked === undefined || asked === 'none' || !applies ? [] : variablesOf(asked);
}

/**
 * Asked for now, else as recorded, where there is what they need.
 *
 * @param given tells the value of a variable that this run was given
 * @throws InstallerError `usage` when they are asked for and cannot be
 */
export function chooseNotifications(
  asked: AskedNotifications | undefined,
  recorded: Notifications | undefined,
  components: readonly Component[],
  given: (name: string) => string | undefined,
): { notifications?: Notifications; notificationValues?: Readonly<Record<string, string>> } {
  const possible = components.includes('grafana') && components.includes('mimir');
  if (asked === 'none') return {};
  if (asked === undefined) return recorded === undefined || !possible ? {} : { notifications: recorded };
  if (!possible) {
    throw new InstallerError('usage', 'notifications: need the components grafana and mimir', {
      hint: 'provider kind has them; elsewhere the routes of Alertmanager tell who is notified',
    });
  }
  const values = variablesOf(asked).flatMap((name) => {
    const value = given(name);
    return value === undefined ? [] : [[name, value] as const];
  });
  return { notifications: asked, notificationValues: Object.fromEntries(values) };
}
