import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Notifications } from '../../../src/dashboards/alerts/notifications.ts';
import type { Outputs } from '../../../src/engine/record.ts';
import { createKindProvider } from '../../../src/providers/kind/provider.ts';
import type { ClusterConfig } from '../../../src/providers/provider.ts';
import { findNodeImage, hasPrograms } from '../../support/kustomize.ts';
import { DASHBOARDS_DIR } from '../../support/manifests.ts';
import { makeStepContext } from '../../support/step-context.ts';
import { kube, makeConfig, run } from './support.ts';

const image = hasPrograms('kind', 'kubectl', 'docker') ? findNodeImage() : undefined;
const hook: Notifications = {
  contact_points: [{ name: 'hook', type: 'webhook', settings: { url: '$HOOK', password: '$HOOK_PASSWORD' } }],
};
const given = { HOOK: 'https://hooks.example.org/x', HOOK_PASSWORD: 'hush-hush' };

/** What Grafana is given in a real cluster; it need not run for that. */
describe.skipIf(image === undefined)("Grafana's objects (needs kind, kubectl, and a node image in Docker)", () => {
  const home = mkdtempSync(join(tmpdir(), 'ccx-kind-'));
  let config: ClusterConfig;
  beforeAll(async () => {
    config = await makeConfig(home, { cluster: `grafana-${process.pid}`, components: ['grafana'], ports: {} });
    mkdirSync(config.dataDir, { recursive: true });
    const kubeconfig = ['--kubeconfig', join(config.dataDir, 'kubeconfig')];
    run('kind', ['create', 'cluster', '--name', config.cluster, '--image', image ?? '', ...kubeconfig]);
  });
  afterAll(() => {
    run('kind', ['delete', 'cluster', '--name', config.cluster, '--kubeconfig', join(home, 'unused')]);
    rmSync(home, { recursive: true, force: true });
  });

  /** The step as a run has it. @param outputs of the run before */
  const stepOf = async (more: Partial<ClusterConfig>, outputs: Outputs = {}) => {
    const { manifests_apply: body } = createKindProvider().steps({ ...config, ...more });
    const ctx = await makeStepContext({
      step: 'manifests_apply',
      env: config.env,
      outputs: { manifests_apply: { objects: 1, ...outputs } },
    });
    return { ctx, apply: () => body.apply(ctx), observe: async () => await body.observe?.(ctx) };
  };
  const inStack = (args: string) => kube(config, `-n observability ${args}`);
  const secret = () => JSON.parse(inStack('get secret grafana-notifications -o json')).data as Record<string, string>;
  const restarts = () => inStack('get sts grafana -o jsonpath={.spec.template.metadata.annotations}');

  test('the dashboards are those of this repository; an edited one is found, and set back', async () => {
    const read = () => JSON.parse(inStack('get cm grafana-dashboards -o json')).data;
    const names = readdirSync(DASHBOARDS_DIR).filter((name) => name.endsWith('.json'));
    const shipped = Object.fromEntries(
      names.map((name) => [name, readFileSync(join(DASHBOARDS_DIR, name), 'utf8')] as const),
    );
    await (await stepOf({})).apply();
    expect(read()).toEqual(shipped);
    expect(await (await stepOf({})).observe()).toMatchObject({ state: 'present' });

    inStack('patch cm grafana-dashboards --type merge -p {"data":{"fleet.json":"{}"}}');
    const step = await stepOf({});
    expect(await step.observe()).toMatchObject({
      state: 'unhealthy',
      details: ['differs: ConfigMap observability/grafana-dashboards'],
    });
    await step.apply();
    expect(read()).toEqual(shipped);
  });

  test('what contact points name is in a Secret, and nowhere else; a changed value restarts Grafana', async () => {
    const first = await stepOf({ notifications: hook, notificationValues: given });
    expect(await first.observe()).toMatchObject({
      state: 'unhealthy',
      details: expect.arrayContaining(['missing: Secret observability/grafana-notifications']),
    });
    const outputs = await first.apply();
    expect(Object.keys(secret()).sort()).toEqual(['HOOK', 'HOOK_PASSWORD']);
    expect(Buffer.from(secret().HOOK_PASSWORD ?? '', 'base64').toString()).toBe('hush-hush');
    expect(inStack('get cm,sts,netpol -o yaml')).not.toContain('hush-hush');
    expect(JSON.stringify([outputs, first.ctx.events])).not.toContain('hush-hush');
    expect(restarts()).not.toContain('restartedAt');

    expect(await (await stepOf({ notifications: hook })).observe()).toMatchObject({ state: 'present' });
    const changed = await stepOf({ notifications: hook, notificationValues: { ...given, HOOK_PASSWORD: 'other-one' } });
    expect(await changed.observe()).toMatchObject({
      state: 'unhealthy',
      details: ['differs: Secret observability/grafana-notifications'],
    });
    await changed.apply();
    expect(Buffer.from(secret().HOOK_PASSWORD ?? '', 'base64').toString()).toBe('other-one');
    expect(restarts()).toContain('restartedAt');
    expect(await (await stepOf({ notifications: hook })).observe()).toMatchObject({ state: 'present' });
  });

  test('a Secret that is gone is missed, and only somebody who has the values can bring it back', async () => {
    inStack('delete secret grafana-notifications');
    const step = await stepOf({ notifications: hook });
    expect(await step.observe()).toMatchObject({ state: 'unhealthy' });
    await expect(step.apply()).rejects.toMatchObject({
      code: 'config',
      message: expect.stringContaining('need HOOK,'),
    });
    await (await stepOf({ notifications: hook, notificationValues: given })).apply();
    expect(await (await stepOf({ notifications: hook })).observe()).toMatchObject({ state: 'present' });
  });

  test('when nobody is told any more, Secret and network policy go, and Grafana takes the rules away', async () => {
    expect(inStack('get netpol -o name')).toContain('grafana-to-contact-points');
    await (await stepOf({}, { notifies: true })).apply();
    expect(inStack('get secret,netpol -o name')).not.toMatch(/grafana-notifications|contact-points/);
    const volumes = inStack('get sts grafana -o jsonpath={.spec.template.spec.volumes}');
    const name = /grafana-alerting-\w+/.exec(volumes)?.[0] ?? '';
    expect(inStack(`get cm ${name} -o yaml`)).toContain('deleteRules:');
    expect(await (await stepOf({})).observe()).toMatchObject({ state: 'present' });
  });
});
