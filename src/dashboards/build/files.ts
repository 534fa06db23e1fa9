import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { renderNotifications } from '../alerts/notifications.ts';
import { renderPrometheusRules } from '../alerts/render.ts';
import { renderGrafanaRemoval, renderGrafanaRules } from '../alerts/render-grafana.ts';
import { EXAMPLE_NOTIFICATIONS } from './example-notifications.ts';
import { buildFleet } from './fleet.ts';
import { buildInstallation } from './installation.ts';
import { renderMetricsPage } from './metrics-page.ts';
import { buildResilience } from './resilience.ts';

/** Dashboards by the name of their file. */
export function buildDashboards(): Readonly<Record<string, Dashboard>> {
  return { installation: buildInstallation(), fleet: buildFleet(), resilience: buildResilience() };
}

/** All generated files: content by path, relative to the repository. */
export function generateFiles(): ReadonlyMap<string, string> {
  const files = new Map<string, string>();
  for (const [name, dashboard] of Object.entries(buildDashboards())) {
    files.set(`dashboards/${name}.json`, `${JSON.stringify(dashboard, null, 2)}\n`);
  }
  files.set('dashboards/alerts/contextcore-install.rules.yaml', renderPrometheusRules());
  files.set('dashboards/provisioning/alerting/rules.yaml', renderGrafanaRules());
  files.set('k8s/grafana/config/no-rules.yaml', renderGrafanaRemoval());
  files.set('dashboards/notifications/example.yaml', renderNotifications(EXAMPLE_NOTIFICATIONS));
  files.set('docs/metrics.md', renderMetricsPage());
  return files;
}
