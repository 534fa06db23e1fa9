import { resolve } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { pushDashboards } from '../../src/dashboards/push-dashboards.ts';
import { readDashboards } from '../../src/dashboards/read-dashboards.ts';
import { type GrafanaApi, startGrafanaApi } from '../support/grafana-api.ts';

const TOKEN = 'glsa_secret';
const dashboards = await readDashboards(resolve(import.meta.dirname, '../../dashboards'));

let grafana: GrafanaApi;
beforeEach(async () => {
  grafana = await startGrafanaApi(TOKEN);
});
afterEach(() => grafana.close());

const push = async (more: Partial<Parameters<typeof pushDashboards>[0]> = {}) =>
  await pushDashboards({ url: grafana.url, token: TOKEN, folder: 'ContextCore', dashboards, ...more });
const actionsOf = async (...given: Parameters<typeof push>) => (await push(...given)).map(({ action }) => action);

test('creates folder and dashboards, keeps what is the same, updates what differs', async () => {
  expect(await push()).toEqual([
    { uid: 'contextcore-fleet', title: 'Fleet', action: 'create', url: `${grafana.url}/d/contextcore-fleet/x` },
    expect.objectContaining({ uid: 'contextcore-installation', action: 'create' }),
    expect.objectContaining({ uid: 'contextcore-resilience', action: 'create' }),
  ]);
  expect([...grafana.folders.values()]).toEqual(['ContextCore']);
  expect(grafana.dashboards.get('contextcore-fleet')?.content.panels).toEqual(dashboards[0]?.panels);

  grafana.writes.length = 0;
  expect(await actionsOf()).toEqual(['keep', 'keep', 'keep']);
  expect(grafana.writes).toEqual([]);

  const changed = grafana.dashboards.get('contextcore-fleet');
  if (changed !== undefined) changed.content = { ...changed.content, title: 'Mine' };
  expect(await actionsOf()).toEqual(['update', 'keep', 'keep']);
  expect(grafana.dashboards.get('contextcore-fleet')?.content.title).toBe('Fleet');
});

test('a dry run says what it would do and changes nothing', async () => {
  expect(await actionsOf({ dryRun: true })).toEqual(['create', 'create', 'create']);
  expect(grafana.writes).toEqual([]);
});

test("somebody else's dashboard with the same uid is left as it is", async () => {
  const foreign = { uid: 'contextcore-fleet', title: 'Ships', tags: ['navy'], panels: [] };
  grafana.dashboards.set('contextcore-fleet', { content: foreign, folderUid: 'harbour', version: 3 });
  expect(await actionsOf()).toEqual(['foreign', 'create', 'create']);
  expect(grafana.dashboards.get('contextcore-fleet')).toEqual({ content: foreign, folderUid: 'harbour', version: 3 });
});

test('a dashboard that somebody changes between the look and the save is not overwritten', async () => {
  await push();
  const fleet = grafana.dashboards.get('contextcore-fleet');
  if (fleet === undefined) throw new Error('not pushed');
  fleet.content = { ...fleet.content, title: 'Mine' };
  grafana.beforeSave = () => {
    fleet.version += 1;
  };
  await expect(push()).rejects.toThrow('dashboard Fleet was changed in Grafana meanwhile');
  expect(fleet.content.title).toBe('Mine');
});

test('a refusal says why and what to do, without the token', async () => {
  const refused = push({ token: 'wrong-secret' });
  await expect(refused).rejects.toMatchObject({
    class: 'unauthorized',
    message: expect.stringContaining('refused with 401: Invalid API key'),
    details: { hint: expect.stringContaining('service account') },
  });
  await refused.catch((error: unknown) => expect(JSON.stringify(error) + String(error)).not.toContain('wrong-secret'));
});

test('a server that is not there, or is no Grafana, is told apart', async () => {
  await expect(push({ url: 'http://127.0.0.1:1' })).rejects.toMatchObject({ class: 'network_reset' });
  await expect(push({ url: 'grafana' })).rejects.toMatchObject({ code: 'config' });
  const odd = async () => new Response('<html>', { status: 200 });
  await expect(push({ fetch: odd })).rejects.toThrow('does not answer as Grafana does');
});

test('a path that Grafana is served under is kept', async () => {
  const asked: string[] = [];
  const fetchFrom = async (url: string) => {
    asked.push(url);
    return new Response('{}', { status: 404 });
  };
  await push({ url: 'https://example.org/grafana/', fetch: fetchFrom, dryRun: true });
  expect(asked[0]).toBe('https://example.org/grafana/api/dashboards/uid/contextcore-fleet');
});

test('a folder without dashboards is an incomplete installation', async () => {
  await expect(readDashboards('/nonexistent')).rejects.toMatchObject({ code: 'config' });
});
