import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { ATTRIBUTES, EVENTS, METRICS } from '../../../src/telemetry/names.ts';
import { makeGround } from '../../support/cli.ts';
import { ERROR, KINDS, type MetricsRequest, pathsOf, spansOf, type TracesRequest } from '../../support/otlp.ts';

/** Overloaded at first, then well. */
async function startServer(): Promise<string> {
  let requests = 0;
  const server = createServer((_, response) => {
    requests += 1;
    response.writeHead(requests === 1 ? 503 : 200).end('well');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('a request that a step makes is a span of its attempt, a retry an event, and both are counted', async () => {
  const ground = makeGround();
  const url = await startServer();
  const plan = join(ground.folder, 'plan.yaml');
  const step = { id: 'health', http: { url: `${url}/health?token=hunter2` }, attempts: 3, delay: '10ms' };
  writeFileSync(plan, JSON.stringify({ name: 'asking', steps: [step] }));
  const { exitCode, stderr } = await ground.install(['run', plan, '--otlp-file', ground.folder]);
  expect(exitCode, stderr).toBe(0);
  const read = <T>(name: string): T[] =>
    readFileSync(join(ground.folder, name), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));

  const spans = spansOf(read<TracesRequest>('traces.jsonl'));
  expect(pathsOf(spans).filter((path) => path.endsWith(' GET'))).toEqual(
    Array(2).fill('RUN asking > STEP health > ATTEMPT 1 > GET'),
  );
  const requests = spans.filter(({ name }) => name === 'GET');
  expect(requests.map(({ attributes }) => attributes[ATTRIBUTES.httpStatus])).toEqual([503, 200]);
  expect(requests[0]?.status?.code).toBe(ERROR);
  expect(requests[1]?.attributes[ATTRIBUTES.httpResend]).toBe(1);
  expect(requests.map(({ kind }) => kind)).toEqual([KINDS.client, KINDS.client]);
  expect(requests[0]?.attributes[ATTRIBUTES.urlFull]).toBe(`${url}/health`);
  const attempt = spans.find(({ name }) => name === 'ATTEMPT 1');
  expect(attempt?.events).toMatchObject([{ name: EVENTS.retry }]);

  const metrics = JSON.stringify(read<MetricsRequest>('metrics.jsonl'));
  for (const { name } of [METRICS.requests, METRICS.requestErrors, METRICS.retries]) expect(metrics).toContain(name);
  expect(stderr).toContain('attempt 1 failed (server_error)');
  expect(metrics).not.toContain('hunter2');
  expect(JSON.stringify(spans)).not.toContain('hunter2');
});
