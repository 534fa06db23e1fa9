import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { StepRecord } from '../../../src/engine/record.ts';
import { InstallerError } from '../../../src/errors/installer-error.ts';
import { readNodes } from '../../../src/providers/kind/docker.ts';
import { findOwner } from '../../../src/providers/kind/ownership.ts';
import { createKindProvider } from '../../../src/providers/kind/provider.ts';
import type { ClusterConfig } from '../../../src/providers/provider.ts';
import { makeStepContext } from '../../support/step-context.ts';
import { kube, makeConfig, play, run, snapshot, whyNoClusters } from './support.ts';

const why = whyNoClusters();
const OTHERS_CONTEXT = `apiVersion: v1
kind: Config
clusters: [{name: work, cluster: {server: "https://work.invalid"}}]
contexts: [{name: work, context: {cluster: work, user: work}}]
users: [{name: work, user: {token: t}}]
current-context: work
`;

/** One cluster that lives through all that may happen to it; each test goes on where the one before has ended. */
describe.skipIf(why !== undefined)(`provider kind${why === undefined ? '' : ` (skipped: ${why})`}`, () => {
  const home = mkdtempSync(join(tmpdir(), 'ccx-kind-'));
  const steps = new Map<string, StepRecord>();
  let config: ClusterConfig;

  beforeAll(async () => {
    config = await makeConfig(home);
    writeFileSync(join(home, 'user-kubeconfig'), OTHERS_CONTEXT);
  });
  afterAll(() => {
    run('kind', ['delete', 'cluster', '--name', config.cluster, '--kubeconfig', join(home, 'unused')]);
    rmSync(home, { recursive: true, force: true });
  });

  test('what an interrupted creation leaves behind is known as ours, removed and made again', async () => {
    const controller = new AbortController();
    const interrupted = play(config, steps, 'run', controller.signal);
    await expect.poll(() => findNodes(config).length, { timeout: 120_000, interval: 200 }).toBe(1);
    controller.abort(new InstallerError('interrupted', 'interrupted by the test'));
    await interrupted;
    const [half] = findNodes(config);
    expect(steps.get('cluster_create')).toMatchObject({ status: 'in_progress', outputs: { intent: 'create' } });

    const { error, actions } = await play(config, steps, 'run');

    expect(error).toBeUndefined();
    expect(actions.cluster_create).toBe('apply');
    expect(findNodes(config)[0]?.id).not.toBe(half?.id);
  });

  test('the cluster is marked as ours, and the user keeps their current context', async () => {
    expect(kube(config, 'get nodes -o jsonpath={.items[0].metadata.labels.contextcore\\.dev/install-id}')).toBe(
      config.installId,
    );
    expect(kube(config, 'get cm -n kube-system contextcore-install -o jsonpath={.data.install_id}')).toBe(
      config.installId,
    );
    expect(await findOwner(config)).toMatchObject({ owner: 'ours', installId: config.installId });
    expect(userContexts(config)).toEqual({ current: 'work', names: [`kind-${config.cluster}`, 'work'] });
    expect(
      run('kubectl', [
        '--kubeconfig',
        join(home, 'user-kubeconfig'),
        '--context',
        `kind-${config.cluster}`,
        'get',
        '--raw',
        '/readyz',
      ]),
    ).toBe('ok');
  });

  test('a healthy installation is left alone', async () => {
    const before = snapshot(config);
    const { error, actions } = await play(config, steps, 'run');
    expect(error).toBeUndefined();
    expect(new Set(Object.values(actions))).toEqual(new Set(['keep']));
    expect(snapshot(config)).toEqual(before);
  });

  test('repair makes a deleted Service again, sets an edited ConfigMap back and keeps the edit, removes what is ours and left over', async () => {
    const name = kube(config, '-n observability get cm -o name')
      .split('\n')
      .find((one) => one.includes('otel'));
    kube(config, `-n observability patch ${name} --type merge -p {"data":{"collector.yaml":"edited"}}`);
    kube(config, '-n observability delete service otel-collector');
    kube(config, '-n observability create cm of-the-user --from-literal=a=b');
    const leftOver = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: {
        name: 'left-over',
        namespace: 'observability',
        labels: { 'contextcore.dev/install-id': config.installId },
      },
    };
    kube(config, 'apply --server-side --field-manager=contextcore-installer -f -', JSON.stringify(leftOver));
    const before = snapshot(config);

    const { error, actions } = await play(config, steps, 'repair');

    expect(error).toBeUndefined();
    expect(actions).toMatchObject({ cluster_create: 'keep', manifests_apply: 'repair', metrics_seed: 'keep' });
    const after = snapshot(config);
    expect(after).toHaveProperty('Service/otel-collector');
    expect(after).not.toHaveProperty('ConfigMap/left-over');
    const untouched = Object.keys(before).filter((key) => !/left-over|Service/.test(key));
    expect(untouched).toContain('ConfigMap/of-the-user');
    for (const key of untouched) expect(after[key]).toBe(before[key]);
    const saved = join(config.dataDir, 'overwritten');
    expect(readdirSync(join(saved, readdirSync(saved)[0] ?? ''))).toEqual([
      expect.stringMatching(/^ConfigMap\.observability\.otel/),
    ]);
  });

  test('Grafana has a random password that only the cluster knows; without Grafana its objects go', async () => {
    const more: ClusterConfig = { ...config, components: ['otel-collector', 'grafana'] };
    const ctx = await makeStepContext({ step: 'manifests_apply', env: config.env });
    const read = () => kube(config, '-n observability get secret grafana-admin -o jsonpath={.data.password}');

    const outputs = await createKindProvider().steps(more).manifests_apply.apply(ctx);
    const password = Buffer.from(read(), 'base64').toString();
    await createKindProvider().steps(more).manifests_apply.apply(ctx);

    expect(password).toMatch(/^[\w-]{24}$/);
    expect(Buffer.from(read(), 'base64').toString()).toBe(password);
    expect(JSON.stringify([outputs, ctx.events])).not.toContain(password);
    expect(snapshot(config)).toHaveProperty('Service/grafana');
    expect((await play(config, steps, 'repair')).error).toBeUndefined();
    expect(snapshot(config)).not.toHaveProperty('Service/grafana');
  });

  test('an image that cannot be had stops the wait early, with the words of the cluster', async () => {
    kube(config, '-n observability set image deployment/otel-collector otel-collector=registry.invalid/none:1');
    // As when the manifests had asked for it: the step before is trusted, this one looks.
    const { pods_ready: body } = createKindProvider().steps(config);
    const ctx = await makeStepContext({ step: 'pods_ready', env: config.env });
    const begun = Date.now();
    const error = await body.apply(ctx).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(InstallerError);
    expect((error as InstallerError).message).toMatch(
      /^pod otel-collector-\S+ cannot become ready: (ErrImagePull|ImagePullBackOff)/,
    );
    expect((error as InstallerError).details.lines?.join('\n')).toMatch(/event {2}Failed: .*registry\.invalid/);
    // Without those words it would wait for twice as long.
    expect(Date.now() - begun).toBeLessThan(280_000);

    const { error: left } = await play(config, steps, 'repair');
    expect(left).toBeUndefined();
  });

  test('a stopped node is started, never made again', async () => {
    const [before] = findNodes(config);
    run('docker', ['stop', before?.id ?? '']);
    const pods = await findOwner(config);
    expect(pods).toMatchObject({ owner: 'ours' });
    const { error, actions } = await play(config, steps, 'repair');
    expect(error).toBeUndefined();
    expect(actions.cluster_create).toBe('repair');
    expect(findNodes(config)[0]).toMatchObject({ id: before?.id, running: true });
  });

  test('an installation without a record finds its cluster again, by what it kept in its data folder', async () => {
    const fresh = new Map<string, StepRecord>();
    const before = snapshot(config);
    const renamed = { ...config, installId: 'another-id' };
    const { error } = await play(renamed, fresh, 'run');
    expect(error).toBeUndefined();
    expect(fresh.get('cluster_create')?.outputs).toMatchObject({ ours: true, install_id: config.installId });
    expect(snapshot(config)).toEqual(before);
  });

  test('another installation of that name uses the cluster as not its own, and never deletes it', async () => {
    const elsewhere = mkdtempSync(join(tmpdir(), 'ccx-kind-'));
    const stranger = await makeConfig(elsewhere, { cluster: config.cluster });
    const theirs = new Map<string, StepRecord>();
    const begun = await play(stranger, theirs, 'run');
    expect(begun.error).toBeUndefined();
    expect(theirs.get('cluster_create')?.outputs).toMatchObject({
      ours: false,
      'url_otlp-http': expect.stringMatching(/^http:\/\/[\d.]+:30418$/),
    });
    expect((await play(stranger, theirs, 'delete')).error).toBeUndefined();
    expect(findNodes(config)).toHaveLength(1);
    rmSync(elsewhere, { recursive: true, force: true });
    expect((await play(config, steps, 'repair')).error).toBeUndefined();
  });

  test('delete leaves no container, no entry in the user’s kubeconfig and no data', async () => {
    const { error } = await play(config, steps, 'delete');
    expect(error).toBeUndefined();
    expect(findNodes(config)).toEqual([]);
    expect(userContexts(config)).toEqual({ current: 'work', names: ['work'] });
    expect(existsSync(config.dataDir)).toBe(false);
    expect(await findOwner(config)).toMatchObject({ owner: 'absent' });
  });
});

function findNodes({ cluster }: ClusterConfig) {
  const ids = run('docker', ['ps', '-aq', '--filter', `label=io.x-k8s.kind.cluster=${cluster}`]);
  return ids === '' ? [] : readNodes(run('docker', ['inspect', ...ids.split('\n')]));
}

function userContexts({ home }: ClusterConfig) {
  const config = ['--kubeconfig', join(home, 'user-kubeconfig'), 'config'];
  const names = run('kubectl', [...config, 'get-contexts', '-o', 'name'])
    .split('\n')
    .sort();
  return { current: run('kubectl', [...config, 'current-context']), names };
}
