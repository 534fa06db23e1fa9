import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { ALERT_RULES, annotationsOf, renderPrometheusRules } from '../../src/dashboards/alerts/render.ts';
import type { AlertRule } from '../../src/dashboards/alerts/rule.ts';
import { type AlertCase, writeSamples } from '../support/alert-cases.ts';
import { findProgram } from '../support/servers/start-server.ts';
import { makeTempFolder } from '../support/temp-folder.ts';
import { RATE_CASES } from './rate-cases.ts';
import { RUN_CASES } from './run-cases.ts';

const CASES = { ...RUN_CASES, ...RATE_CASES };
const COMMITTED = resolve(import.meta.dirname, '../../dashboards/alerts/contextcore-install.rules.yaml');

describe('with the real promtool', async () => {
  const promtool = await findProgram(['promtool']);

  test('the committed rules are good', async ({ skip }) => {
    if (promtool === undefined) return skip('promtool is not on the PATH');
    const { stdout } = await promisify(execFile)(promtool, ['check', 'rules', '--lint=all', '--lint-fatal', COMMITTED]);
    expect(stdout).toContain(`SUCCESS: ${ALERT_RULES.length} rules found`);
  });

  test.for(ALERT_RULES)('$name fires where it should, and nowhere else', async (rule, { skip }) => {
    if (promtool === undefined) return skip('promtool is not on the PATH');
    const cases = CASES[rule.name] ?? [];
    expect(await runCases(promtool, await readFile(COMMITTED, 'utf8'), rule, cases)).toBe('');
  });

  test('a wrong threshold fails the cases', async ({ skip }) => {
    if (promtool === undefined) return skip('promtool is not on the PATH');
    const changed: readonly [name: string, from: RegExp | string, to: string][] = [
      ['InstallStuck', / > 300\n/, ' > 400\n'],
      ['InstallSlow', / > 600\n/, ' > 602\n'],
      ['InstallDiskAlmostFull', / > 0.8\n/, ' > 0.802\n'],
      ['InstallSuccessRateLow', / < 0.9\n/, ' < 0.89\n'],
      ['InstallNetworkTimeouts', / > 0.05\n/g, ' > 0.06\n'],
      ['InstallChecksumFailures', / > 0.01\n/, ' > 0.0\n'],
      ['InstallBreakerRejections', / > 0.05\n/g, ' > 0.048\n'],
      ['InstallTargetExhausted', / > 2\n/, ' > 3\n'],
      ['InstallStepFailed', />= 7/g, '>= 9'],
      ['InstallDiskAlmostFull', />= 7/g, '>= 9'],
      ['InstallSuccessRateLow', />= 10/g, '>= 5'],
    ];
    for (const [name, from, to] of changed) {
      const rule = ALERT_RULES.find((one) => one.name === name);
      const rules = renderPrometheusRules().replace(from, to);
      expect(rules, name).not.toBe(renderPrometheusRules());
      if (rule === undefined) throw new Error(name);
      expect(await runCases(promtool, rules, rule, CASES[name] ?? []), `${name} ${to}`).toContain('FAILED');
    }
  });
});

test('every alert has cases in which it fires and in which it does not', () => {
  expect(Object.keys(CASES).sort()).toEqual(ALERT_RULES.map(({ name }) => name).sort());
  for (const [name, cases] of Object.entries(CASES)) {
    expect(
      cases.some(({ fires }) => fires.length > 0),
      name,
    ).toBe(true);
    expect(
      cases.some(({ fires }) => fires.length === 0),
      name,
    ).toBe(true);
  }
});

/** @returns what promtool complains about; empty when all is as the cases say */
async function runCases(
  promtool: string,
  rules: string,
  rule: AlertRule,
  cases: readonly AlertCase[],
): Promise<string> {
  const isLong = ({ at }: AlertCase) => at.endsWith('d') || Number.parseInt(at, 10) > 240;
  const short = cases.filter((one) => !isLong(one));
  // promtool evaluates from 0 on, step by step: days need longer steps.
  const runs = [short, cases.filter(isLong)].filter(({ length }) => length > 0);
  const complaints = await Promise.all(
    runs.map((some) => runPromtool(promtool, onlyRule(rules, rule.name), rule, some, some === short ? '30s' : '30m')),
  );
  return complaints.join('');
}

/** The rule alone, evaluated as often as a test says. */
function onlyRule(text: string, name: string): string {
  const { groups } = parse(text) as { groups: { name: string; rules: { alert: string }[] }[] };
  return stringify({
    groups: [{ name: 'one', rules: groups.flatMap(({ rules }) => rules).filter((one) => one.alert === name) }],
  });
}

async function runPromtool(
  promtool: string,
  rules: string,
  rule: AlertRule,
  cases: readonly AlertCase[],
  interval: string,
): Promise<string> {
  const folder = await makeTempFolder();
  await writeFile(join(folder, 'rules.yaml'), rules);
  const tests = cases.map(({ name, series, at, fires }) => ({
    name,
    interval: '1m',
    input_series: Object.entries(series).map(([one, samples]) => ({ series: one, values: writeSamples(samples) })),
    alert_rule_test: [
      { alertname: rule.name, eval_time: at, exp_alerts: fires.map((labels) => alertOf(rule, labels)) },
    ],
  }));
  const content = { rule_files: ['rules.yaml'], evaluation_interval: interval, tests };
  await writeFile(join(folder, 'tests.yaml'), JSON.stringify(content));
  return await promisify(execFile)(promtool, ['test', 'rules', 'tests.yaml'], { cwd: folder }).then(
    () => '',
    ({ stdout, stderr }: { stdout: string; stderr: string }) => stdout + stderr,
  );
}

function alertOf(rule: AlertRule, labels: Readonly<Record<string, string>>) {
  const { summary, ...rest } = annotationsOf(rule, {});
  const filled = summary
    .replaceAll(/\{\{ \$labels\.(\w+) \}\}/g, (_all, name: string) => labels[name] ?? '')
    .replaceAll('{{ $value }}', '3');
  return {
    exp_labels: { ...labels, severity: rule.severity, service: 'contextcore-install' },
    exp_annotations: { summary: filled, ...rest },
  };
}

test('labels that a summary names are labels of the alert', () => {
  for (const { name, summary, labels } of ALERT_RULES) {
    const used = [...summary.matchAll(/\$labels\.(\w+)/g)].map((match) => match[1] ?? '');
    expect(labels, name).toEqual(expect.arrayContaining(used));
  }
});
