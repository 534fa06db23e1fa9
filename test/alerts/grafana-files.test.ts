import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { renderNotifications } from '../../src/dashboards/alerts/notifications.ts';
import { ALERT_RULES, comparisonOf } from '../../src/dashboards/alerts/render.ts';
import { renderGrafanaRemoval, renderGrafanaRules } from '../../src/dashboards/alerts/render-grafana.ts';
import { EXAMPLE_NOTIFICATIONS } from '../../src/dashboards/build/example-notifications.ts';

interface Rule {
  uid: string;
  title: string;
  condition: string;
  for: string;
  noDataState: string;
  annotations: Record<string, string>;
  labels: Record<string, string>;
  data: {
    refId: string;
    datasourceUid: string;
    model: { expr?: string; expression?: string; conditions?: unknown[] };
  }[];
}

const read = (text: string) =>
  (parse(text) as { apiVersion: number; groups: { folder: string; interval: string; rules: Rule[] }[] }).groups;

test('each alert is a Grafana-managed rule: query, threshold, and the same text', () => {
  const rules = read(renderGrafanaRules({ datasource: 'prom', runbooks: 'https://example.org/r' })).flatMap(
    (group) => group.rules,
  );
  expect(rules.map(({ title }) => title)).toEqual(ALERT_RULES.map(({ name }) => name));
  for (const [index, rule] of rules.entries()) {
    const source = ALERT_RULES[index];
    if (source === undefined) throw new Error('no source');
    const [query, threshold] = rule.data;
    expect(query).toMatchObject({ refId: 'A', datasourceUid: 'prom', model: { expr: source.expr, instant: true } });
    expect(threshold?.refId).toBe(rule.condition);
    expect(threshold).toMatchObject({ datasourceUid: '__expr__', model: { type: 'threshold', expression: 'A' } });
    const [sign, limit] = comparisonOf(source).split(' ');
    const evaluator = { type: sign === '>' ? 'gt' : 'lt', params: [Number(limit)] };
    expect(threshold?.model.conditions).toEqual([{ evaluator }]);
    expect(rule.uid).toMatch(/^[a-z0-9-]{1,40}$/);
    expect(rule.noDataState).toBe('OK');
    expect(rule.annotations.runbook_url).toBe(`https://example.org/r/${source.name}.md`);
  }
  expect(new Set(rules.map(({ uid }) => uid)).size).toBe(rules.length);
});

test('no dollar sign is left for Grafana to take for a variable of its environment', () => {
  expect(renderGrafanaRules().replaceAll('$$', '')).not.toContain('$');
  expect(renderGrafanaRules()).toContain('{{ $$labels.cluster }}');
});

test('contact points and policy come from the configuration', () => {
  const file = parse(renderNotifications(EXAMPLE_NOTIFICATIONS));
  expect(file).toMatchObject({
    apiVersion: 1,
    contactPoints: [
      { name: 'On-call webhook', receivers: [{ type: 'webhook', settings: { url: '$CONTEXTCORE_ALERT_WEBHOOK' } }] },
      { name: 'Installation mailbox', receivers: [{ type: 'email' }] },
    ],
    policies: [
      {
        receiver: 'grafana-default-email',
        routes: [
          {
            receiver: 'On-call webhook',
            matchers: ['service = contextcore-install', 'severity =~ "P1|P2"'],
            continue: true,
          },
          { receiver: 'Installation mailbox', matchers: ['service = contextcore-install'] },
        ],
      },
    ],
  });
});

test('where nobody is told, every rule is taken away by its uid', () => {
  const uids = read(renderGrafanaRules()).flatMap((group) => group.rules.map(({ uid }) => ({ orgId: 1, uid })));
  expect(parse(renderGrafanaRemoval())).toEqual({ apiVersion: 1, deleteRules: uids });
});

test('the provisioning folder tells Grafana where the dashboards are', async () => {
  const path = resolve(import.meta.dirname, '../../dashboards/provisioning/dashboards/contextcore.yaml');
  expect(parse(await readFile(path, 'utf8'))).toMatchObject({
    apiVersion: 1,
    providers: [{ type: 'file', folder: 'ContextCore', options: { path: expect.stringMatching(/^\//) } }],
  });
});
