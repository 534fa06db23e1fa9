import { stringify } from 'yaml';
import { RATE_RULES } from './rate-rules.ts';
import type { AlertRule } from './rule.ts';
import { RUN_RULES } from './run-rules.ts';

export interface RuleGroup {
  name: string;
  /** How often it is evaluated. */
  interval: string;
  rules: readonly AlertRule[];
}

export const RULE_GROUPS: readonly RuleGroup[] = [
  { name: 'contextcore-install-runs', interval: '30s', rules: RUN_RULES },
  { name: 'contextcore-install-rates', interval: '5m', rules: RATE_RULES },
];

export const ALERT_RULES: readonly AlertRule[] = RULE_GROUPS.flatMap(({ rules }) => rules);

export interface RenderOptions {
  /** Address under which docs/runbooks can be read, without a slash at the end; default: the path in the repository. */
  runbooks?: string;
}

/** Label that tells our alerts from all others: notification policies match it. */
export const ALERT_LABEL = { service: 'contextcore-install' } as const;
const RUNBOOKS = 'docs/runbooks';

export function runbookOf(rule: AlertRule, { runbooks = RUNBOOKS }: RenderOptions = {}): string {
  return `${runbooks}/${rule.name}.md`;
}

/** The comparison that makes it fire, such as `> 0.8`. */
export function comparisonOf({ name, above, below }: AlertRule): string {
  if ((above === undefined) === (below === undefined)) throw new Error(`${name} needs one threshold`);
  return above === undefined ? `< ${below}` : `> ${above}`;
}

/** Groups as Prometheus reads them in a rule file, and Mimir's ruler by its API, one at a time. */
export function prometheusGroups(options: RenderOptions = {}) {
  return RULE_GROUPS.map(({ name, interval, rules }) => ({
    name,
    interval,
    rules: rules.map((rule) => ({
      alert: rule.name,
      expr: `(${rule.expr}) ${comparisonOf(rule)}`,
      ...(rule.hold === undefined ? {} : { for: rule.hold }),
      labels: { severity: rule.severity, ...ALERT_LABEL },
      annotations: annotationsOf(rule, options),
    })),
  }));
}

/** A rule file for Prometheus, `promtool` and `mimirtool`. */
export function renderPrometheusRules(options: RenderOptions = {}): string {
  return HEAD + stringify({ groups: prometheusGroups(options) }, { lineWidth: 0 });
}

export const HEAD = '# Generated from src/dashboards/alerts by `npm run dashboards`; change it there.\n';

export function annotationsOf(rule: AlertRule, options: RenderOptions) {
  return { summary: rule.summary, description: rule.condition, runbook_url: runbookOf(rule, options) };
}
