import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeGround } from '../support/cli.ts';
import { linesOf, readStateFile } from '../support/cli-files.ts';
import { findFreePort } from '../support/free-port.ts';
import { PROMETHEUS, PUSHGATEWAY, startPrometheus, startPushgateway } from '../support/servers/backends.ts';
import { missingPrograms, type RunningServer } from '../support/servers/start-server.ts';
import { flush, PLAN, placeOf, stateFolder, timesOf, writePlan } from './support.ts';

const missing = await missingPrograms(PROMETHEUS, PUSHGATEWAY);

describe.skipIf(missing !== undefined)(`a real Pushgateway${missing === undefined ? '' : ` (${missing})`}`, () => {
  let gateway: RunningServer;
  let prometheus: RunningServer;
  beforeAll(async () => {
    gateway = await startPushgateway();
    prometheus = await startPrometheus({ scrape: new URL(gateway.url).host });
  });
  afterAll(() => Promise.all([gateway?.stop(), prometheus?.stop()]));

  /** Values of the status by step, as the gateway shows them. */
  async function shown(cluster: string): Promise<Record<string, string>> {
    const text = await (await fetch(`${gateway.url}/metrics`)).text();
    const line = /^contextcore_install_step_status\{(.*)\} (\d+)$/gm;
    const all = [...text.matchAll(line)].filter(([, labels]) => labels?.includes(`cluster="${cluster}"`));
    return Object.fromEntries(
      all.map(([, labels = '', value = '']) => [/step="([^"]*)"/.exec(labels)?.[1] ?? '', value]),
    );
  }

  const scraped = async (query: string) => {
    const answer = await fetch(`${prometheus.url}/api/v1/query?${new URLSearchParams({ query })}`);
    const { data } = (await answer.json()) as { data: { result: { value: [number, string] }[] } };
    return data.result.map(({ value }) => value[1]);
  };

  test('a state is rebuilt from what Prometheus has scraped: the latest statuses, with the times of the steps', async () => {
    const ground = makeGround();
    const env = { CONTEXTCORE_PUSHGATEWAY_URL: gateway.url };
    const commands = ['echo one >> effects', 'echo two >> effects', 'test -f ready && echo three >> effects'];
    const plan = writePlan(ground, commands, 'cluster: gated\n');
    expect((await ground.install(['run', plan], { env })).exitCode).toBe(1);
    expect((await flush(ground, env, '--cluster', 'gated')).exitCode).toBe(0);
    expect(await shown('gated')).toEqual({ s1: '2', s2: '2', s3: '3' });
    const before = timesOf(readStateFile(ground.home, PLAN, 'gated'));
    const status = 'contextcore_install_step_status{cluster="gated",step="s3"}';
    await expect.poll(() => scraped(status), { timeout: 30_000 }).toEqual(['3']);

    rmSync(stateFolder(placeOf(ground, 'gated')), { recursive: true });
    const rebuild = ['rebuild-state', '--cluster', 'gated', '--plan', PLAN, '--from', prometheus.url, '--yes'];
    const rebuilt = await ground.install(rebuild);
    expect(rebuilt.exitCode, rebuilt.stderr).toBe(0);
    expect(timesOf(readStateFile(ground.home, PLAN, 'gated'))).toEqual(before);

    writeFileSync(join(ground.folder, 'ready'), '');
    expect((await ground.install(['resume', plan], { env })).exitCode).toBe(0);
    expect(linesOf(join(ground.folder, 'effects'))).toEqual(['one', 'two', 'three']);
    await flush(ground, env, '--cluster', 'gated');
    expect(await shown('gated')).toEqual({ s1: '2', s2: '2', s3: '2' });
    await expect.poll(() => scraped(status), { timeout: 30_000 }).toEqual(['2']);
    const heartbeat = 'time() - contextcore_install_heartbeat_timestamp_seconds{cluster="gated",plan="told"} < 300';
    await expect.poll(() => scraped(heartbeat), { timeout: 30_000 }).toHaveLength(1);
  });

  test('what was spooled while it was down is told by one request; a step that is gone goes, and nothing of others', async () => {
    const theirs = `${gateway.url}/metrics/job/theirs/cluster/late`;
    const name = 'contextcore_install_step_status';
    const foreign = `# TYPE ${name} gauge\n${name}{step="foreign"} 1\n`;
    expect((await fetch(theirs, { method: 'POST', body: foreign })).status).toBe(200);
    const ground = makeGround();
    const plan = writePlan(ground, ['true', 'true'], 'cluster: late\n');
    const dead = `http://127.0.0.1:${await findFreePort()}`;
    expect((await ground.install(['run', plan, '--pushgateway-url', dead])).exitCode).toBe(0);
    expect((await flush(ground, {}, '--cluster', 'late', '--pushgateway-url', gateway.url)).exitCode).toBe(0);
    expect(await shown('late')).toEqual({ s1: '2', s2: '2', foreign: '1' });

    const shorter = writePlan(ground, ['true'], 'cluster: late\n');
    const env = { CONTEXTCORE_PUSHGATEWAY_URL: gateway.url };
    expect((await ground.install(['run', shorter], { env })).exitCode).toBe(0);
    await flush(ground, env, '--cluster', 'late');
    expect(await shown('late')).toEqual({ s1: '2', foreign: '1' });
  });
});
