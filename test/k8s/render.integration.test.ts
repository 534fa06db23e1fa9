import { readdir, readFile, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { renderNotifications } from '../../src/dashboards/alerts/notifications.ts';
import { renderGrafanaRemoval, renderGrafanaRules } from '../../src/dashboards/alerts/render-grafana.ts';
import { EXAMPLE_NOTIFICATIONS } from '../../src/dashboards/build/example-notifications.ts';
import { buildManifests } from '../../src/providers/kind/manifests/build-manifests.ts';
import { imageRefs, listImages } from '../../src/providers/kind/manifests/list-images.ts';
import type { Component } from '../../src/providers/provider.ts';
import { hasPrograms, renderManifests, runProgram } from '../support/kustomize.ts';
import {
  copyManifests,
  DASHBOARDS_DIR,
  KIND_COMPONENTS,
  MANIFESTS_DIR,
  type Manifest,
  parseManifests,
  workloadsOf,
} from '../support/manifests.ts';
import { isAllowed } from '../support/network-policy.ts';
import { makeTempFolder } from '../support/temp-folder.ts';

const SUBSETS = Array.from({ length: 2 ** KIND_COMPONENTS.length - 1 }, (_, index) =>
  KIND_COMPONENTS.filter((_component, bit) => ((index + 1) >> bit) & 1),
);
const nameOfObject = ({ kind, metadata }: Manifest) => `${kind}/${metadata.name}`;

function dataOf(manifests: readonly Manifest[], configMap: string): Record<string, string> {
  const found = manifests.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name.startsWith(configMap));
  return (found as unknown as { data?: Record<string, string> })?.data ?? {};
}

/** Of all ConfigMaps together: the names of most have a hash. */
function allData(manifests: readonly Manifest[]): Record<string, string> {
  return Object.assign({}, ...manifests.map((object) => ('data' in object ? object.data : {})));
}

interface Volume {
  configMap?: { name: string };
}

describe.skipIf(!hasPrograms('kubectl'))('manifests rendered by kustomize (needs kubectl on the PATH)', () => {
  it('are for all components what kubectl apply -k k8s takes', async () => {
    const { stdout } = await runProgram('kubectl', ['kustomize', MANIFESTS_DIR]);
    expect(await renderManifests()).toBe(stdout);
  });

  it.each(SUBSETS.map((components) => ({ components })))(
    'hold what $components need, and no more',
    async ({ components }) => {
      const manifests = parseManifests(await renderManifests(components));
      expect(
        workloadsOf(manifests)
          .map(({ metadata }) => metadata.name)
          .sort(),
      ).toEqual([...components].sort());
      for (const { metadata, kind } of manifests)
        if (kind !== 'Namespace') expect(metadata.namespace).toBe('observability');
      const names = manifests.map(nameOfObject);
      for (const { spec } of workloadsOf(manifests)) {
        for (const { configMap } of spec.template.spec.volumes) {
          if (configMap !== undefined && configMap.optional !== true)
            expect(names).toContain(`ConfigMap/${configMap.name}`);
        }
      }
      const backends = (['mimir', 'loki', 'tempo'] as const).filter((backend) => components.includes(backend));
      for (const [owner, map] of [
        ['grafana', 'grafana-datasources'],
        ['otel-collector', 'otel-collector'],
      ] as const) {
        if (!components.includes(owner)) continue;
        const files = Object.keys(dataOf(manifests, map)).filter((file) => file !== 'collector.yaml');
        expect(files.sort()).toEqual(backends.map((backend) => `${backend}.yaml`).sort());
      }
    },
  );

  it('restart what reads a changed file, and nothing else', async () => {
    const manifestsDir = await copyManifests();
    const before = parseManifests(await renderManifests());
    const config = join(manifestsDir, 'loki/config/loki.yaml');
    await writeFile(config, `${await readFile(config, 'utf8')}\n# changed\n`);
    const after = parseManifests(await renderManifests(KIND_COMPONENTS, { manifestsDir }));
    const changed = after.filter((object) => !before.some((old) => JSON.stringify(old) === JSON.stringify(object)));
    expect(changed.map(({ kind, metadata }) => `${kind} ${metadata.name.split('-')[0]}`).sort()).toEqual([
      'ConfigMap loki',
      'StatefulSet loki',
    ]);
  });

  it('give Grafana every dashboard as it is in the repository, and a home among them', async () => {
    const manifests = parseManifests(await renderManifests(['grafana', 'mimir']));
    const dashboards = dataOf(manifests, 'grafana-dashboards');
    const names = (await readdir(DASHBOARDS_DIR)).filter((name) => name.endsWith('.json'));
    expect(Object.keys(dashboards).sort()).toEqual(names.sort());
    for (const name of names) expect(dashboards[name]).toBe(await readFile(join(DASHBOARDS_DIR, name), 'utf8'));

    const { spec } = workloadsOf(manifests).find(({ metadata }) => metadata.name === 'grafana') as Manifest;
    const pod = spec.template.spec;
    const [{ name }] = pod.volumes.filter(({ configMap }: Volume) => configMap?.name === 'grafana-dashboards');
    const mount = pod.containers[0].volumeMounts.find((one: { name: string }) => one.name === name).mountPath;
    const [, home = ''] = /^default_home_dashboard_path = (.*)$/m.exec(allData(manifests)['grafana.ini'] ?? '') ?? [];
    expect([mount, basename(home)]).toEqual([dirname(home), 'installation.json']);
    const [providers] = Object.values(dataOf(manifests, 'grafana-dashboard-providers'));
    expect(parse(providers ?? '').providers).toEqual([
      expect.objectContaining({ folder: 'ContextCore', options: { path: mount } }),
    ]);
  });

  it('keep the dashboards below what a client-side apply can carry, which notes them in an annotation', async () => {
    const manifests = parseManifests(await renderManifests(['grafana']));
    const map = manifests.find(({ metadata }) => metadata.name === 'grafana-dashboards');
    expect(Buffer.byteLength(JSON.stringify(map))).toBeLessThan(256 * 1024);
  });

  it('tell nobody by Grafana, which has no rules then; with notifications it has them, and may reach the contact points', async () => {
    const quiet = parseManifests(await renderManifests());
    const alertingOf = (manifests: readonly Manifest[]) => {
      const grafana = workloadsOf(manifests).find(({ metadata }) => metadata.name === 'grafana');
      const volumes: (Volume & { name: string })[] = grafana?.spec.template.spec.volumes;
      const name = volumes.find((volume) => volume.name === 'alerting')?.configMap?.name ?? '';
      return dataOf(manifests, name);
    };
    const isPolicy = ({ metadata }: Manifest) => metadata.name === 'grafana-to-contact-points';
    expect(alertingOf(quiet)).toEqual({ 'no-rules.yaml': renderGrafanaRemoval() });
    expect(quiet.some(isPolicy)).toBe(false);

    const told = parseManifests(await renderManifests(KIND_COMPONENTS, { notifications: EXAMPLE_NOTIFICATIONS }));
    expect(alertingOf(told)).toEqual({
      'notifications.yaml': renderNotifications(EXAMPLE_NOTIFICATIONS),
      'rules.yaml': renderGrafanaRules(),
    });
    expect(told.filter(isPolicy)).toHaveLength(1);
    const grafana = {
      labels: { 'app.kubernetes.io/name': 'grafana' },
      namespace: 'observability',
      address: '10.244.0.9',
    };
    const policies = (manifests: readonly Manifest[]) => manifests.filter(({ kind }) => kind === 'NetworkPolicy');
    const outside = { address: '203.0.113.7' };
    expect(isAllowed(policies(quiet), grafana, outside, 443, 'TCP')).toBe(false);
    expect(isAllowed(policies(told), grafana, outside, 443, 'TCP')).toBe(true);
  });

  it('ask for the images that imageRefs names: from a mirror, with digests', async () => {
    const manifestsDir = await copyManifests();
    const plain = await imageRefs(manifestsDir, KIND_COMPONENTS);
    await writeFile(join(manifestsDir, 'images.lock'), `${plain[0]} sha256:${'0a'.repeat(32)}\n`);
    for (const options of [{}, { imageMirror: 'reg.example:5000/hub' }, { localImages: plain }]) {
      const rendered = await renderManifests(KIND_COMPONENTS, { manifestsDir, ...options });
      expect(listImages(rendered)).toEqual(await imageRefs(manifestsDir, KIND_COMPONENTS, options));
    }
  });

  it('carry labels on objects only', async () => {
    const labels = { 'example.com/install': 'x' };
    for (const { metadata, spec, kind } of parseManifests(await renderManifests(KIND_COMPONENTS, { labels }))) {
      expect(metadata.labels).toMatchObject(labels);
      if (kind === 'StatefulSet') expect(spec.template.metadata.labels).not.toHaveProperty(['example.com/install']);
    }
  });

  it('are refused with the words of kustomize when they are broken', async () => {
    const folder = await makeTempFolder();
    await writeFile(join(folder, 'kustomization.yaml'), 'resources: [missing.yaml]');
    const build = buildManifests(folder, 'kubectl', ({ file, args }) => runProgram(file, args));
    await expect(build).rejects.toMatchObject({
      code: 'config',
      details: { childExit: 1, tail: [expect.stringContaining('missing.yaml')] },
    });
  });
});

describe.skipIf(!hasPrograms('kubectl', 'otelcol'))(
  'configuration of the collector (needs otelcol on the PATH)',
  () => {
    const choices = SUBSETS.filter(
      (components) => components.includes('otel-collector') && !components.includes('grafana'),
    );
    it.each(choices.map((components) => ({ components })))('is valid with $components', async ({ components }) => {
      const manifests = parseManifests(await renderManifests(components));
      const folder = await makeTempFolder();
      for (const [file, text] of Object.entries(dataOf(manifests, 'otel-collector')))
        await writeFile(join(folder, file), text);
      const pod = workloadsOf(manifests).find(({ metadata }) => metadata.name === 'otel-collector')?.spec.template.spec;
      const args = pod.containers[0].args.map((arg: string) => arg.replace('/etc/otel-collector', folder));
      const { exitCode, stderr } = await runProgram('otelcol', ['validate', ...args]);
      expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
    });
  },
);

describe.skipIf(!hasPrograms('kubectl', 'kube-score'))('kube-score (needs kube-score on the PATH)', () => {
  const score = async (components: readonly Component[], ...flags: string[]) => {
    const file = join(await makeTempFolder(), 'rendered.yaml');
    await writeFile(file, await renderManifests(components));
    return (await runProgram('kube-score', ['score', '--output-format', 'ci', ...flags, file])).stdout.split('\n');
  };

  it.each([{ components: KIND_COMPONENTS }, { components: ['mimir', 'loki', 'otel-collector'] as const }])(
    'finds nothing critical in $components',
    async ({ components }) => {
      const lines = await score(components);
      expect(lines.length).toBeGreaterThan(components.length * 10);
      expect(lines.filter((line) => line.startsWith('[CRITICAL]'))).toEqual([]);
    },
  );

  it('would find exactly what the annotations ignore, and each of these is explained', async () => {
    const lines = await score(KIND_COMPONENTS, '--disable-ignore-checks-annotations');
    const critical = lines.filter((line) => line.startsWith('[CRITICAL]'));
    expect(critical).not.toEqual([]);
    for (const line of critical) expect(line).toMatch(/ImagePullPolicy|low (user|group) ID/i);
    const readme = await readFile(join(MANIFESTS_DIR, 'README.md'), 'utf8');
    for (const { spec } of workloadsOf(parseManifests(await renderManifests()))) {
      const ignored: string = spec.template.metadata.annotations['kube-score/ignore'];
      for (const check of ignored.split(',')) expect(readme).toContain(`| \`${check}\` |`);
    }
  });
});

describe.skipIf(!hasPrograms('loki'))('configuration of Loki (needs loki on the PATH)', () => {
  it('is valid', async () => {
    const { exitCode, stderr } = await runProgram('loki', [
      '-verify-config',
      `-config.file=${MANIFESTS_DIR}/loki/config/loki.yaml`,
    ]);
    expect({ exitCode, stderr }).toMatchObject({ exitCode: 0 });
    expect(parse(await readFile(join(MANIFESTS_DIR, 'loki/config/loki.yaml'), 'utf8')).auth_enabled).toBe(false);
  });
});
