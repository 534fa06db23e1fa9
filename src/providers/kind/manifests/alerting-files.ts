import { type Notifications, renderNotifications } from '../../../dashboards/alerts/notifications.ts';
import { renderGrafanaRules } from '../../../dashboards/alerts/render-grafana.ts';

/** Where kustomize looks for them, relative to the manifest folder. */
export const ALERTING_FOLDER = 'grafana/with/notifications';

/**
 * What Grafana evaluates and whom it tells, as provisioning files by name: without anybody to tell it has no rules of its
 * own, since Mimir's ruler has them.
 */
export function alertingFiles(notifications: Notifications | undefined): Readonly<Record<string, string>> {
  if (notifications === undefined) return {};
  return { 'notifications.yaml': renderNotifications(notifications), 'rules.yaml': renderGrafanaRules() };
}
