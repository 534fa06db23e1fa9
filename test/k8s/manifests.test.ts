import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { readImagesLock } from '../../src/providers/kind/manifests/images-lock.ts';
import { imagesOfFiles } from '../../src/providers/kind/manifests/list-images.ts';
import { isYaml, readManifestFiles } from '../../src/providers/kind/manifests/manifest-files.ts';
import { selectFolders } from '../../src/providers/kind/manifests/select-folders.ts';
import { KIND_COMPONENTS, loadManifests, MANIFESTS_DIR, workloadsOf } from '../support/manifests.ts';

const manifests = await loadManifests();
const workloads = workloadsOf(manifests).map((workload) => ({ name: workload.metadata.name, spec: workload.spec }));
const services = manifests.filter(({ kind }) => kind === 'Service');
const { files } = await readManifestFiles(MANIFESTS_DIR, KIND_COMPONENTS);

describe('the manifests', () => {
  it.each(files.filter(isYaml))('$path is YAML without a doubled key', ({ text }) => {
    expect(parseAllDocuments(text, { uniqueKeys: true }).flatMap((document) => document.errors)).toEqual([]);
  });

  it('have a workload for each component, and no other', () => {
    expect(workloads.map(({ name }) => name).sort()).toEqual([...KIND_COMPONENTS].sort());
  });

  it('are all in the kustomization for kubectl apply -k', async () => {
    const top = parse(await readFile(join(MANIFESTS_DIR, 'kustomization.yaml'), 'utf8'));
    const { resources, joins } = await selectFolders(MANIFESTS_DIR, KIND_COMPONENTS);
    expect([...top.resources].sort()).toEqual([...resources].sort());
    expect([...top.components].sort()).toEqual([...joins].sort());
  });

  it('lock digests only of images that are used', async () => {
    const images = imagesOfFiles(files);
    expect([...(await readImagesLock(MANIFESTS_DIR)).keys()].filter((image) => !images.includes(image))).toEqual([]);
  });

  it.each([
    ['grafana', 'http', 3000, 30300],
    ['mimir', 'http', 9009, 30909],
    ['loki', 'http', 3100, 30310],
    ['tempo', 'http', 3200, 30320],
    ['otel-collector', 'otlp-grpc', 4317, 30417],
    ['otel-collector', 'otlp-http', 4318, 30418],
  ])('publish %s %s: port %i as node port %i', (name, port, number, nodePort) => {
    const service = services.find(({ metadata }) => metadata.name === name);
    expect(service?.spec.type).toBe('NodePort');
    expect(service?.spec.ports).toContainEqual(expect.objectContaining({ name: port, port: number, nodePort }));
  });

  it('publish nothing else', () => {
    const published = services.filter(({ spec }) => spec.type === 'NodePort').flatMap(({ spec }) => spec.ports);
    expect(published).toHaveLength(6);
  });

  it.each(services.map((service) => ({ name: service.metadata.name, spec: service.spec })))(
    'service $name has a pod, and targets ports that it has',
    ({ spec }) => {
      const pod = workloads.find(({ name }) => name === spec.selector['app.kubernetes.io/name']);
      const ports = pod?.spec.template.spec.containers[0].ports.map((port: { name: string }) => port.name);
      for (const port of spec.ports) expect(ports).toContain(port.targetPort);
    },
  );

  it('hold no Secret and no password', () => {
    expect(manifests.filter(({ kind }) => kind === 'Secret')).toEqual([]);
    for (const { path, text } of files)
      expect({ path, found: /^\s*admin_password\s*[=:]/m.test(text) }).toEqual({ path, found: false });
  });
});

describe.each(workloads)('workload $name', ({ name, spec }) => {
  const pod = spec.template.spec;
  const [container] = pod.containers;

  it('has one container, with a pinned image and IfNotPresent', () => {
    expect(pod.containers).toHaveLength(1);
    expect(pod.initContainers).toBeUndefined();
    expect(container.image).toMatch(/^[a-z0-9./-]+:\d+\.\d+\.\d+$/);
    expect(container.imagePullPolicy).toBe('IfNotPresent');
  });

  it('keeps the entry point of its image', () => {
    expect(container.command).toBeUndefined();
  });

  it('has requests and limits of processor, memory and ephemeral storage', () => {
    const kinds = ['cpu', 'ephemeral-storage', 'memory'];
    expect(Object.keys(container.resources.requests).sort()).toEqual(kinds);
    expect(Object.keys(container.resources.limits).sort()).toEqual(kinds);
  });

  it('leaves the garbage collector room below the memory limit', () => {
    const limit = container.env.find((variable: { name: string }) => variable.name === 'GOMEMLIMIT')?.value;
    const bytes = (text: string) => Number.parseInt(text, 10) * (text.includes('Gi') ? 1024 : 1);
    expect(bytes(limit)).toBeLessThan(bytes(container.resources.limits.memory) * 0.95);
  });

  it('has probes, of which the one for life asks less than the one for readiness', () => {
    expect(container.startupProbe.httpGet).toBeDefined();
    expect(container.readinessProbe.httpGet).toEqual(container.startupProbe.httpGet);
    expect(container.livenessProbe).toBeDefined();
    expect(container.livenessProbe.httpGet).not.toEqual(container.readinessProbe.httpGet);
  });

  it('runs without root, rights, a writable root file system or a token', () => {
    expect(pod.securityContext).toMatchObject({ runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } });
    expect(pod.securityContext.runAsUser).toBeGreaterThan(0);
    expect(pod.securityContext.runAsGroup).toBeGreaterThan(0);
    expect(container.securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    });
    expect(pod.automountServiceAccountToken).toBe(false);
    for (const key of ['hostNetwork', 'hostPID', 'hostIPC']) expect(pod[key]).toBeUndefined();
  });

  it('mounts volumes that exist, configuration read-only, and uses each of them', () => {
    const claims = (spec.volumeClaimTemplates ?? []).map(
      (claim: { metadata: { name: string } }) => claim.metadata.name,
    );
    const volumes = pod.volumes.map((volume: { name: string }) => volume.name);
    const mounts: { name: string; readOnly?: boolean }[] = container.volumeMounts;
    expect(mounts.map((mount) => mount.name).sort()).toEqual([...claims, ...volumes].sort());
    for (const volume of pod.volumes.filter((each: { configMap?: object }) => each.configMap !== undefined)) {
      expect(mounts.find((mount) => mount.name === volume.name)?.readOnly).toBe(true);
    }
  });

  it('keeps its data over a restart, if it has any', () => {
    if (name === 'otel-collector') return expect(spec.volumeClaimTemplates).toBeUndefined();
    expect(spec.volumeClaimTemplates[0].spec.accessModes).toEqual(['ReadWriteOnce']);
    expect(spec.podManagementPolicy).toBe('Parallel');
    const headless = services.find(({ metadata }) => metadata.name === spec.serviceName);
    expect(headless?.spec.clusterIP).toBe('None');
  });

  it('selects its own pods by a label that never changes', () => {
    expect(spec.selector.matchLabels).toEqual({ 'app.kubernetes.io/name': name });
    expect(spec.template.metadata.labels).toMatchObject(spec.selector.matchLabels);
  });
});

describe('what the stack promises', () => {
  const config = (path: string) => parse(files.find((file) => file.path === path)?.text ?? '');

  it('Mimir takes samples a day late, and asks for them where they are', () => {
    const { limits } = config('mimir/config/mimir.yaml');
    expect(limits).toMatchObject({ out_of_order_time_window: '24h', query_ingesters_within: '0s' });
  });

  it('Mimir has a ruler and an alertmanager that know each other', () => {
    const mimir = config('mimir/config/mimir.yaml');
    expect(mimir.target.split(',')).toContain('alertmanager');
    expect(mimir.ruler.alertmanager_url).toBe(`http://127.0.0.1:${mimir.server.http_listen_port}/alertmanager`);
  });

  it.each(['mimir', 'loki', 'tempo'])('the collector sends to a service of %s that exists', (backend) => {
    const { exporters } = config(`otel-collector/with/${backend}/${backend}.yaml`);
    const url = new URL(exporters[`otlp_http/${backend}`].endpoint);
    const service = services.find(({ metadata }) => metadata.name === url.hostname);
    expect(service?.spec.ports.map((port: { port: number }) => `${port.port}`)).toContain(url.port);
  });

  it.each(['mimir', 'loki', 'tempo'])('the data sources of %s ask a service that exists', (backend) => {
    for (const source of config(`grafana/with/${backend}/${backend}.yaml`).datasources) {
      const url = new URL(source.url);
      const service = services.find(({ metadata }) => metadata.name === url.hostname);
      expect(service?.spec.ports.map((port: { port: number }) => `${port.port}`)).toContain(url.port);
      expect(source.editable).toBe(false);
    }
  });
});
