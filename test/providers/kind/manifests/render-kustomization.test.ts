import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { EXAMPLE_NOTIFICATIONS } from '../../../../src/dashboards/build/example-notifications.ts';
import { inputsOf } from '../../../../src/providers/kind/manifests/inputs-of.ts';
import { imageRefs } from '../../../../src/providers/kind/manifests/list-images.ts';
import { renderKustomization } from '../../../../src/providers/kind/manifests/render-kustomization.ts';
import type { Component } from '../../../../src/providers/provider.ts';
import { copyManifests, DASHBOARDS_DIR, KIND_COMPONENTS, MANIFESTS_DIR } from '../../../support/manifests.ts';
import { makeTempFolder } from '../../../support/temp-folder.ts';

const DIGEST = `sha256:${'0a'.repeat(32)}`;

/** A copy of the manifests that may be changed, with a digest of Mimir's image. */
async function copyWithDigest(): Promise<{ manifestsDir: string; mimir: string }> {
  const manifestsDir = await copyManifests();
  const [mimir = ''] = await imageRefs(manifestsDir, ['mimir']);
  await writeFile(join(manifestsDir, 'images.lock'), `${mimir} ${DIGEST}\n`);
  return { manifestsDir, mimir };
}

async function render(options: Partial<Parameters<typeof renderKustomization>[0]>) {
  const outDir = options.outDir ?? (await makeTempFolder());
  await renderKustomization({ manifestsDir: MANIFESTS_DIR, components: KIND_COMPONENTS, outDir, ...options });
  const read = (path: string) => readFile(join(outDir, path), 'utf8');
  return { outDir, read, kustomization: parse(await read('kustomization.yaml')) };
}

describe('the kustomization of a choice of components', () => {
  it('holds the base, what was chosen, and what joins the chosen', async () => {
    const { kustomization, outDir } = await render({ components: ['mimir', 'loki', 'otel-collector'] });
    expect(kustomization.resources).toEqual(['k8s/base', 'k8s/mimir', 'k8s/loki', 'k8s/otel-collector']);
    expect(kustomization.components).toEqual(['k8s/otel-collector/with/mimir', 'k8s/otel-collector/with/loki']);
    expect((await readdir(join(outDir, 'k8s'))).sort()).toEqual(['base', 'loki', 'mimir', 'otel-collector']);
    expect(await readdir(join(outDir, 'k8s/otel-collector/with'))).not.toContain('tempo');
  });

  it('changes no image and no label unless asked', async () => {
    const { kustomization } = await render({});
    expect(kustomization).not.toHaveProperty('images');
    expect(kustomization).not.toHaveProperty('labels');
  });

  it('puts labels on objects, not on pods and selectors', async () => {
    const { kustomization } = await render({ labels: { 'example.com/install': 'x' } });
    expect(kustomization.labels).toEqual([{ pairs: { 'example.com/install': 'x' } }]);
  });

  it('takes every image from the mirror', async () => {
    const { kustomization } = await render({ imageMirror: 'reg.example:5000/hub' });
    expect(kustomization.images).toHaveLength(KIND_COMPONENTS.length);
    expect(kustomization.images).toContainEqual({
      name: 'grafana/loki',
      newName: 'reg.example:5000/hub/grafana/loki',
      newTag: expect.stringMatching(/^\d/),
    });
  });

  it('applies a digest that is locked, in the mirror too, but not to an image that is loaded', async () => {
    const { manifestsDir, mimir } = await copyWithDigest();
    const images = async (options: object) =>
      (await render({ manifestsDir, components: ['mimir'], ...options })).kustomization.images;
    expect(await images({})).toEqual([expect.objectContaining({ name: 'grafana/mimir', digest: DIGEST })]);
    expect(await images({ imageMirror: 'reg.example' })).toEqual([
      expect.objectContaining({ newName: 'reg.example/grafana/mimir', digest: DIGEST }),
    ]);
    expect(await images({ localImages: [mimir] })).toBeUndefined();
  });

  it('names the same images as imageRefs', async () => {
    const { manifestsDir, mimir } = await copyWithDigest();
    expect(await imageRefs(manifestsDir, ['mimir'])).toEqual([`${mimir}@${DIGEST}`]);
    expect(await imageRefs(manifestsDir, ['mimir'], { localImages: [mimir] })).toEqual([mimir]);
    expect(await imageRefs(manifestsDir, ['mimir'], { imageMirror: 'reg.example' })).toEqual([
      `reg.example/${mimir}@${DIGEST}`,
    ]);
  });

  it('links data sources only to those that are installed', async () => {
    const all = await render({});
    const linked = 'k8s/grafana/with/mimir/mimir.yaml';
    expect(await all.read(linked)).toBe(await readFile(join(MANIFESTS_DIR, 'grafana/with/mimir/mimir.yaml'), 'utf8'));
    const some = await render({ components: ['grafana', 'mimir', 'loki'] });
    expect(await some.read(linked)).not.toContain('datasourceUid');
    expect(await some.read('k8s/grafana/with/loki/loki.yaml')).not.toContain('datasourceUid');
  });

  it('has the dashboards beside it for Grafana, and nothing else of their folder', async () => {
    const { outDir, read } = await render({ components: ['grafana'] });
    const files = ['fleet.json', 'installation.json', 'kustomization.yaml', 'resilience.json'];
    expect((await readdir(join(outDir, 'dashboards'))).sort()).toEqual(files);
    expect(await read('dashboards/fleet.json')).toBe(await readFile(join(DASHBOARDS_DIR, 'fleet.json'), 'utf8'));
    await render({ components: ['mimir'], outDir });
    expect(await readdir(outDir)).not.toContain('dashboards');
  });

  it('replaces what an earlier call wrote, and nothing else', async () => {
    const { outDir } = await render({});
    await writeFile(join(outDir, 'kubeconfig'), 'mine');
    await render({ components: ['mimir'], outDir });
    expect((await readdir(outDir)).sort()).toEqual(['k8s', 'kubeconfig', 'kustomization.yaml']);
    expect((await readdir(join(outDir, 'k8s'))).sort()).toEqual(['base', 'mimir']);
  });

  it('refuses a component without manifests, and says which there are', async () => {
    await expect(render({ components: ['prometheus'] })).rejects.toMatchObject({
      code: 'config',
      message: expect.stringContaining('"prometheus"'),
      details: { hint: 'Choose from: grafana, loki, mimir, otel-collector, tempo' },
    });
  });

  it('refuses a folder that holds no manifests', async () => {
    const manifestsDir = await makeTempFolder();
    await expect(render({ manifestsDir })).rejects.toMatchObject({ code: 'config' });
  });
});

describe('the inputs of a choice of components', () => {
  const chosen: readonly Component[] = ['mimir', 'otel-collector'];

  it('are the files of what was chosen, each with a short digest', async () => {
    const inputs = await inputsOf(MANIFESTS_DIR, chosen);
    expect(Object.keys(inputs)).toContain('k8s/mimir/config/mimir.yaml');
    expect(Object.keys(inputs)).toContain('k8s/otel-collector/with/mimir/mimir.yaml');
    expect(Object.keys(inputs).filter((path) => /loki|tempo|grafana\//.test(path))).toEqual([]);
    for (const digest of Object.values(inputs)) expect(digest).toMatch(/^[0-9a-f]{16}$/);
  });

  it('are who is told, and change with it', async () => {
    const told = await inputsOf(MANIFESTS_DIR, KIND_COMPONENTS, EXAMPLE_NOTIFICATIONS);
    const names = Object.keys(await inputsOf(MANIFESTS_DIR, KIND_COMPONENTS));
    expect(Object.keys(told).filter((name) => !names.includes(name))).toEqual([
      'k8s/grafana/with/notifications/kustomization.yaml',
      'k8s/grafana/with/notifications/network-policy.yaml',
      'alerting/notifications.yaml',
      'alerting/rules.yaml',
    ]);
    const rarely = await inputsOf(MANIFESTS_DIR, KIND_COMPONENTS, { ...EXAMPLE_NOTIFICATIONS, repeat_interval: '1d' });
    expect(rarely['alerting/notifications.yaml']).not.toBe(told['alerting/notifications.yaml']);
  });

  it('are the dashboards, too, where Grafana is chosen', async () => {
    expect(Object.keys(await inputsOf(MANIFESTS_DIR, ['grafana']))).toContain('dashboards/installation.json');
    expect(Object.keys(await inputsOf(MANIFESTS_DIR, chosen)).filter((path) => path.startsWith('dash'))).toEqual([]);
  });

  it('change with a file, a new file and a digest, and not with a file of another component', async () => {
    const { manifestsDir } = await copyWithDigest();
    const before = await inputsOf(manifestsDir, chosen);
    await writeFile(join(manifestsDir, 'loki/config/loki.yaml'), 'changed: true');
    await writeFile(join(manifestsDir, '.hidden'), '');
    expect(await inputsOf(manifestsDir, chosen)).toEqual(before);
    await writeFile(join(manifestsDir, 'mimir/config/mimir.yaml'), 'changed: true');
    await mkdir(join(manifestsDir, 'mimir/more'));
    await writeFile(join(manifestsDir, 'mimir/more/new.yaml'), '');
    await rm(join(manifestsDir, 'images.lock'));
    const after = await inputsOf(manifestsDir, chosen);
    const changed = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
      (key) => before[key] !== after[key],
    );
    expect(changed.sort()).toEqual([
      expect.stringMatching(/^image grafana\/mimir:/),
      'k8s/mimir/config/mimir.yaml',
      'k8s/mimir/more/new.yaml',
    ]);
  });
});
