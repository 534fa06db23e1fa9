import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ALERT_RULES, RULE_GROUPS } from '../../src/dashboards/alerts/render.ts';
import { pushRules } from '../../src/dashboards/push-rules.ts';
import { pushSamples } from '../../src/telemetry/remote-write.ts';
import { recordFleet } from '../support/recorded-fleet.ts';
import { MIMIR, startMimir } from '../support/servers/backends.ts';
import { missingPrograms, type RunningServer } from '../support/servers/start-server.ts';

interface Loaded {
  data: {
    groups: { name: string; rules: { name: string; state: string; alerts?: { labels: Record<string, string> }[] }[] }[];
  };
}

const actions = (groups: Awaited<ReturnType<typeof pushRules>>) => groups.map(({ action }) => action);

describe('into the ruler of a real Mimir', async () => {
  const missing = await missingPrograms(MIMIR);
  let server: RunningServer | undefined;
  let url = '';

  beforeAll(async () => {
    if (missing !== undefined) return;
    server = await startMimir({ multitenancy: true });
    url = server.url;
  });
  afterAll(() => server?.stop());

  test('creates, keeps what is the same, mends what was changed, removes what is no more', async ({ skip }) => {
    if (missing !== undefined) return skip(missing);
    const options = { url, tenant: 'team-a' };
    expect(actions(await pushRules({ ...options, dryRun: true }))).toEqual(['create', 'create']);
    expect(actions(await pushRules(options))).toEqual(['create', 'create']);
    expect(actions(await pushRules(options))).toEqual(['keep', 'keep']);

    await load('team-a', 'contextcore-install', { ...groupOf(RULE_GROUPS[0]?.name ?? ''), interval: '7m' });
    await load('team-a', 'contextcore-install', groupOf('contextcore-install-old'));
    await load('team-a', 'contextcore-install', groupOf('somebody-else'));
    expect(actions(await pushRules({ ...options, dryRun: true }))).toEqual(['update', 'keep', 'remove']);
    expect(actions(await pushRules(options))).toEqual(['update', 'keep', 'remove']);
    expect(actions(await pushRules(options))).toEqual(['keep', 'keep']);
    const kept = await fetch(`${url}/prometheus/config/v1/rules/contextcore-install/somebody-else`, {
      headers: { 'X-Scope-OrgID': 'team-a' },
    });
    expect(kept.status).toBe(200);

    expect(actions(await pushRules({ ...options, runbooks: 'https://example.org/runbooks' }))).toEqual([
      'update',
      'update',
    ]);
  });

  test('the ruler evaluates them for that tenant: what failed fires', async ({ skip }) => {
    if (missing !== undefined) return skip(missing);
    const headers = { 'X-Scope-OrgID': 'team-b' };
    await pushSamples(`${url}/api/v1/push`, recordFleet(Date.now()).series(), { headers });
    await pushRules({ url, tenant: 'team-b' });
    let active: string[] = [];
    let known = 0;
    // The one waits for a minute, so it is pending first.
    const expected = ['InstallStepFailed failed', 'InstallStuck stuck'];
    const isSo = () => known >= ALERT_RULES.length && expected.every((alert) => active.includes(alert));
    for (const deadline = Date.now() + 150_000; Date.now() < deadline && !isSo(); ) {
      await new Promise((resolve) => setTimeout(resolve, 1000));
      const response = await fetch(`${url}/prometheus/api/v1/rules`, { headers });
      const { data } = (await response.json()) as Loaded;
      const rules = data.groups.flatMap((group) => group.rules);
      known = rules.length;
      active = rules
        .filter(({ state }) => state !== 'inactive')
        .flatMap(({ name, alerts }) => (alerts ?? []).map(({ labels }) => `${name} ${labels.cluster ?? labels.plan}`));
    }
    // The ruler may take one group over before the other.
    expect(known).toBe(ALERT_RULES.length);
    // The fleet's rates may fire beside them.
    expect(active).toEqual(expect.arrayContaining(expected));
  });

  test('without a tenant Mimir refuses, and its reason is shown', async ({ skip }) => {
    if (missing !== undefined) return skip(missing);
    await expect(pushRules({ url })).rejects.toThrow(/refused with 401: no org id/);
  });

  async function load(tenant: string, namespace: string, group: object): Promise<void> {
    const response = await fetch(`${url}/prometheus/config/v1/rules/${namespace}`, {
      method: 'POST',
      headers: { 'X-Scope-OrgID': tenant, 'Content-Type': 'application/yaml' },
      body: JSON.stringify(group),
    });
    expect(response.status).toBe(202);
  }
});

test('a server that is not there is trouble of the network', async () => {
  await expect(pushRules({ url: 'http://127.0.0.1:1' })).rejects.toMatchObject({ class: 'network_reset' });
  await expect(pushRules({ url: 'mimir:9009' })).rejects.toMatchObject({ code: 'config' });
});

function groupOf(name: string) {
  return { name, interval: '1m', rules: [{ alert: 'Old', expr: 'vector(1) > 2' }] };
}
