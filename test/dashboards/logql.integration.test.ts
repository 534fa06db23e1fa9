import type { Dashboard } from '@grafana/grafana-foundation-sdk/dashboard';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildDashboards } from '../../src/dashboards/build/files.ts';
import { ATTRIBUTES, SERVICE_NAME } from '../../src/telemetry/names.ts';
import { panelsOf, type Target } from '../support/lint-dashboard.ts';
import { LOKI, startLoki } from '../support/servers/backends.ts';
import { missingPrograms, type RunningServer } from '../support/servers/start-server.ts';

const LINES = [
  { cluster: 'a', text: 'pulling images', severity: 9 },
  { cluster: 'a', text: 'image not found', severity: 17 },
  { cluster: 'b', text: 'of another cluster', severity: 17 },
];

const queries = Object.values(buildDashboards()).flatMap((dashboard) => targetsOf(dashboard, 'loki'));

describe('on a real Loki that holds log records of a run', async () => {
  const missing = await missingPrograms(LOKI);
  let server: RunningServer | undefined;

  beforeAll(async () => {
    if (missing !== undefined) return;
    server = await startLoki();
    for (const line of LINES) await sendLine(server.url, line);
  });
  afterAll(() => server?.stop());

  test.for(queries)('$title finds the lines of its cluster alone', async ({ title, query }, { skip }) => {
    if (missing !== undefined || server === undefined) return skip(missing ?? '');
    const found = await readLines(server.url, query.replaceAll('$cluster', 'a').replaceAll('$plan', 'create-cluster'));
    expect(found.sort()).toEqual(title === 'Errors' ? ['image not found'] : ['image not found', 'pulling images']);
  });
});

test('there are panels that ask Loki, and one that asks Tempo, which is not run here', () => {
  expect(queries.map(({ title }) => title)).toEqual(['What It Does', 'Errors']);
  const traceql = Object.values(buildDashboards()).flatMap((dashboard) => targetsOf(dashboard, 'tempo'));
  expect(traceql.map(({ title }) => title)).toEqual(['Slow Spans']);
  for (const { query } of traceql) {
    const pairs = ['{}', '()'].map(([open, close]) => query.split(open ?? '').length - query.split(close ?? '').length);
    expect(pairs).toEqual([0, 0]);
    expect(query).toContain(`resource.${ATTRIBUTES.cluster} = "$cluster"`);
  }
});

function targetsOf(dashboard: Dashboard, type: string): { title: string; query: string }[] {
  return panelsOf(dashboard).flatMap(({ title, targets }) =>
    ((targets ?? []) as Target[])
      .filter(({ datasource }) => datasource?.type === type)
      .map(({ expr, query }) => ({ title: title ?? '', query: expr ?? query ?? '' })),
  );
}

/** As OTLP in its JSON form, with attributes where the installer puts them. */
async function sendLine(url: string, { cluster, text, severity }: (typeof LINES)[number]): Promise<void> {
  const attribute = (key: string, stringValue: string) => ({ key, value: { stringValue } });
  const nanos = `${Date.now()}000000`;
  const body = {
    resourceLogs: [
      {
        resource: {
          attributes: [attribute(ATTRIBUTES.serviceName, SERVICE_NAME), attribute(ATTRIBUTES.cluster, cluster)],
        },
        scopeLogs: [
          {
            scope: {},
            logRecords: [
              {
                timeUnixNano: nanos,
                severityNumber: severity,
                body: { stringValue: text },
                attributes: [attribute(ATTRIBUTES.pipelineName, 'create-cluster')],
              },
            ],
          },
        ],
      },
    ],
  };
  const headers = { 'Content-Type': 'application/json' };
  const response = await fetch(`${url}/otlp/v1/logs`, { method: 'POST', headers, body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`);
}

async function readLines(url: string, query: string): Promise<string[]> {
  const response = await fetch(`${url}/loki/api/v1/query_range?${new URLSearchParams({ query, limit: '100' })}`);
  if (!response.ok) throw new Error(`${query}: ${await response.text()}`);
  const answer = (await response.json()) as { data: { result: { values: [string, string][] }[] } };
  return answer.data.result.flatMap(({ values }) => values.map(([, line]) => line));
}
