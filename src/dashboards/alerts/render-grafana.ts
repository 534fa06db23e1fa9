import { stringify } from 'yaml';
import { ALERT_LABEL, ALERT_RULES, annotationsOf, HEAD, type RenderOptions, RULE_GROUPS } from './render.ts';
import type { AlertRule } from './rule.ts';

export interface GrafanaRuleOptions extends RenderOptions {
  /** Uid of the data source that is asked. */
  datasource?: string;
  folder?: string;
}

/** Of k8s/grafana. */
const DATASOURCE = 'mimir';
const FOLDER = 'ContextCore';
/** Grafana refuses a rule without a time range, though an instant query does not use it. */
const RANGE_SECONDS = 600;

/**
 * The same rules as Grafana-managed ones, as a provisioning file
 * (https://grafana.com/docs/grafana/latest/alerting/set-up/provision-alerting-resources/file-provisioning/).
 */
export function renderGrafanaRules({
  datasource = DATASOURCE,
  folder = FOLDER,
  ...options
}: GrafanaRuleOptions = {}): string {
  const groups = RULE_GROUPS.map(({ name, interval, rules }) => ({
    orgId: 1,
    name,
    folder,
    interval,
    rules: rules.map((rule) => grafanaRule(rule, datasource, options)),
  }));
  return HEAD + stringify({ apiVersion: 1, groups }, { lineWidth: 0, aliasDuplicateObjects: false });
}

/**
 * A provisioning file for a Grafana that has the rules no longer, or never had: taking away what is not there is no error.
 */
export function renderGrafanaRemoval(): string {
  const deleteRules = ALERT_RULES.map(({ name }) => ({ orgId: 1, uid: uidOf(name) }));
  return HEAD + stringify({ apiVersion: 1, deleteRules });
}

function grafanaRule(rule: AlertRule, datasource: string, options: RenderOptions) {
  const { summary, ...annotations } = annotationsOf(rule, options);
  return {
    uid: uidOf(rule.name),
    title: rule.name,
    condition: 'C',
    data: [
      {
        refId: 'A',
        relativeTimeRange: { from: RANGE_SECONDS, to: 0 },
        datasourceUid: datasource,
        model: { refId: 'A', expr: rule.expr, instant: true, range: false, intervalMs: 15_000, maxDataPoints: 100 },
      },
      {
        refId: 'C',
        relativeTimeRange: { from: RANGE_SECONDS, to: 0 },
        datasourceUid: '__expr__',
        model: { refId: 'C', type: 'threshold', expression: 'A', conditions: [{ evaluator: evaluatorOf(rule) }] },
      },
    ],
    // No series means that nothing is wrong, as in Prometheus.
    noDataState: 'OK',
    execErrState: 'Error',
    for: rule.hold ?? '0s',
    // Provisioning files read $NAME as a variable of the environment; $$ is a dollar sign. A value has a refId here.
    annotations: { summary: summary.replaceAll('$value', '$values.A.Value').replaceAll('$', '$$$$'), ...annotations },
    labels: { severity: rule.severity, ...ALERT_LABEL },
    isPaused: false,
  };
}

function evaluatorOf({ above, below }: AlertRule) {
  return above === undefined ? { type: 'lt', params: [below] } : { type: 'gt', params: [above] };
}

/** `InstallStepFailed` -> `contextcore-install-step-failed`; Grafana takes up to 40 characters. */
function uidOf(name: string): string {
  return `contextcore${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
