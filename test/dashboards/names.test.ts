import { glob, readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { LABELS, METRIC_PREFIX, METRICS, type Metric } from '../../src/telemetry/names.ts';
import { checkNames } from '../support/check-names.ts';

const root = resolve(import.meta.dirname, '../..');

test('every metric that a dashboard, a rule or a document names exists, with the labels it is given', async () => {
  const wrong: string[] = [];
  let read = 0;
  for await (const path of glob('{README.md,CHANGELOG.md,{dashboards,docs,k8s,host}/**/*.{json,md,yaml,yml}}', {
    cwd: root,
  })) {
    read += 1;
    wrong.push(...checkNames(await readFile(resolve(root, path), 'utf8')).map((sentence) => `${path}: ${sentence}`));
  }
  expect(read).toBeGreaterThan(10);
  expect(wrong).toEqual([]);
});

test('a name or a label that does not exist is found', () => {
  expect(checkNames(`sum(${METRIC_PREFIX}nonsense{cluster="a"})`)).toHaveLength(1);
  expect(checkNames(`${METRICS.heartbeat.name}{step="a", cluster!~"b"}`)).toEqual([
    `${METRICS.heartbeat.name} has no label step`,
  ]);
  expect(checkNames(`all of ${METRIC_PREFIX}*, and ${METRICS.stepDuration.name}_bucket{le="1"}`)).toEqual([]);
});

test('names follow the conventions: one family, base units at the end, _total for counters alone', () => {
  const metrics: readonly Metric[] = Object.values(METRICS);
  expect(new Set(metrics.map(({ name }) => name)).size).toBe(metrics.length);
  for (const { name, type, unit, labels, help } of metrics) {
    expect(name).toMatch(/^contextcore_install_[a-z]+(_[a-z]+)*$/);
    expect(name.endsWith('_total'), name).toBe(type === 'counter');
    if (unit !== '' && name !== METRICS.runStarted.name) expect(name, name).toMatch(new RegExp(`_${unit}(_total)?$`));
    expect(labels.every((label) => label in LABELS)).toBe(true);
    expect(help).toMatch(/^[A-Z].*\.$/);
  }
});
