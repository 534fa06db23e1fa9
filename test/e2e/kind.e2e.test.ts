import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { STEP_IDS } from '../../src/providers/provider.ts';
import { type Ended, startCli } from '../support/cli.ts';
import { pathsBelow, readStateFile } from '../support/cli-files.ts';
import { createKindSubject, kindFlags, listKindClusters } from '../support/crash/kind-subject.ts';
import { type Crash, crashInChain, type Moment, randomFrom } from '../support/crash/run-crashes.ts';
import { docker, kubectl, missingForKind, objectsOf, podsOf, stateOfContainer } from '../support/kind-ground.ts';
import { waitFor } from '../support/processes.ts';
import { covers } from './interface.ts';

const missing = missingForKind();
const CLUSTER = `e2e-${process.pid}`;
const SEED = Number(process.env.CRASH_SEED ?? Date.now() % 1_000_000);
/** Several clusters are made one after the other, or two at once, where each may take minutes. */
const LIMIT_MS = 1_800_000;

describe.skipIf(missing !== undefined)(`provider kind${missing === undefined ? '' : `: ${missing}`}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'ccx-e2e-kind-'));
  const home = join(folder, 'home');
  const userKubeconfig = join(folder, 'user-kubeconfig');
  const kubeconfig = join(home, 'data', CLUSTER, 'kubeconfig');
  const second = `e2e-${process.pid}-b`;
  let flags: readonly string[];
  /** Of the second cluster, which nothing that is done to the first may touch. */
  let bystander: ReturnType<typeof lookAtSecond>;
  const run = (args: readonly string[], env: Record<string, string> = {}): Promise<Ended> =>
    startCli('create-cluster', args.includes('--cluster') ? args : ['--cluster', CLUSTER, ...args], {
      home,
      cwd: folder,
      env: { KUBECONFIG: userKubeconfig, ...env },
    }).ended;
  const lookAtSecond = () => ({
    node: stateOfContainer(`${second}-control-plane`),
    objects: objectsOf(join(home, 'data', second, 'kubeconfig')),
  });
  const expectDone = async (args: readonly string[]) => {
    const ended = await run(args);
    expect(ended.exitCode, ended.stderr).toBe(0);
    return ended;
  };

  beforeAll(async () => {
    flags = await kindFlags(CLUSTER);
    const installs = await Promise.all([run(flags), run(await kindFlags(second))]);
    const said = installs.map(({ stderr }) => stderr).join('\n');
    expect(
      installs.map(({ exitCode }) => exitCode),
      said,
    ).toEqual([0, 0]);
    bystander = lookAtSecond();
  }, LIMIT_MS);
  afterAll(() => {
    for (const name of [CLUSTER, second]) {
      const env = { ...process.env, KUBECONFIG: userKubeconfig };
      execFileSync('kind', ['delete', 'cluster', '--name', name], { env, stdio: 'ignore' });
    }
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  });

  test(`two at the same moment: six steps, data read back, alert rules loaded, the user's kubeconfig knows them ${covers('create-cluster (install)', '--cluster', 'KUBECONFIG', '--components')}`, () => {
    const { steps, provider } = readStateFile(home, 'create-cluster', CLUSTER);
    expect(provider).toBe('kind');
    expect(STEP_IDS.map((id) => steps[id]?.status)).toEqual(Array(6).fill('completed'));
    expect(steps.alert_rules).toMatchObject({ status: 'completed', outputs: { rules: expect.any(Number) } });
    const contexts = execFileSync('kubectl', ['--kubeconfig', userKubeconfig, 'config', 'get-contexts', '-o', 'name']);
    expect(contexts.toString()).toMatch(new RegExp(`kind-${CLUSTER}\n[^]*kind-${second}\n`));
    expect(lookAtSecond()).toEqual(bystander);
  });

  test(`again: nothing touched ${covers('create-cluster (again)', '--node-image', '--image-mirror')}`, async () => {
    const before = podsOf(kubeconfig);
    expect((await expectDone(flags)).stderr).toContain('nothing to do');
    expect((await expectDone(['--resume'])).stderr).toContain('nothing to do');
    for (const change of [
      ['--port', 'mimir=39999'],
      ['--node-image', 'kindest/node:v1.30.0'],
      ['--provider', 'host'],
    ]) {
      const refused = await run([...change, '--yes']);
      expect(refused.exitCode, refused.stderr).toBe(6);
      expect(refused.stderr).toContain('--delete');
    }
    const mirrored = await run(['--image-mirror', 'mirror.invalid:5000', '--dry-run']);
    expect(mirrored.exitCode, mirrored.stderr).toBe(0);
    expect(podsOf(kubeconfig)).toEqual(before);
  });

  test(`without a Docker engine: exit 3, no second system ${covers('exit 3', '--provider')}`, async () => {
    const { exitCode, stderr } = await run(['--repair', '--yes'], { DOCKER_HOST: 'unix:///nowhere/docker.sock' });
    expect(exitCode, stderr).toBe(3);
    expect(stderr.toLowerCase()).toContain('docker');
    expect(pathsBelow(join(home, 'data')).filter((path) => /prometheus/.test(path))).toEqual([]);
  });

  test(`--repair: a deleted deployment, a crash-looping pod, an edited ConfigMap, a deleted pod, deleted rules; the rest is untouched ${covers('create-cluster --repair')}`, async () => {
    const workloads = kubectl(kubeconfig, 'get', 'deploy,sts', '-o', 'name').trim().split('\n');
    const collector = workloads.find((name) => name.includes('collector')) ?? '';
    const before = podsOf(kubeconfig);
    kubectl(kubeconfig, 'delete', collector, '--wait=true');
    await expectDone(['--repair', '--yes']);
    expect(kubectl(kubeconfig, 'get', 'deploy,sts', '-o', 'name')).toContain(collector);
    const after = podsOf(kubeconfig);
    for (const name of ['mimir', 'loki']) expect(after[name]).toEqual(before[name]);

    const args = '/spec/template/spec/containers/0/args';
    const patch = JSON.stringify([{ op: 'replace', path: args, value: ['--config=/nowhere'] }]);
    kubectl(kubeconfig, 'patch', collector, '--type=json', '-p', patch);
    await waitFor(() => (podsOf(kubeconfig)['otel-collector']?.restarts ?? 0) > 0, 300_000);
    await expectDone(['--repair', '--yes']);
    for (const name of ['mimir', 'loki']) expect(podsOf(kubeconfig)[name]).toEqual(before[name]);

    const maps = kubectl(kubeconfig, 'get', 'configmap', '-o', 'name').trim().split('\n');
    const map = maps.find((name) => name.includes('loki')) ?? '';
    const data = kubectl(kubeconfig, 'get', map, '-o', 'jsonpath={.data}');
    const key = Object.keys(JSON.parse(data) as object)[0] ?? '';
    kubectl(kubeconfig, 'patch', map, '--type=merge', '-p', JSON.stringify({ data: { [key]: 'edited: true' } }));
    const { ports } = readStateFile(home, 'create-cluster', CLUSTER).options as { ports: Record<string, number> };
    const rules = `http://127.0.0.1:${ports.mimir}/prometheus/config/v1/rules/contextcore-install/contextcore-install-runs`;
    expect((await fetch(rules, { method: 'DELETE' })).status).toBe(202);
    kubectl(kubeconfig, 'delete', 'pod', podsOf(kubeconfig).mimir?.name ?? '', '--wait=true');
    await expectDone(['--repair', '--yes']);
    expect((await fetch(rules)).status).toBe(200);
    expect(JSON.parse(kubectl(kubeconfig, 'get', map, '-o', 'jsonpath={.data}'))).toEqual(JSON.parse(data));
    expect(podsOf(kubeconfig).mimir?.uid).not.toBe(before.mimir?.uid);
    expect((await expectDone([])).stderr).toContain('nothing to do');
  });

  test(`--repair: a stopped node, and a cluster deleted behind our back ${covers('create-cluster --repair')}`, async () => {
    docker('stop', '-t', '1', `${CLUSTER}-control-plane`);
    await expectDone(['--repair', '--yes']);
    const node = docker('inspect', '-f', '{{.Id}}', `${CLUSTER}-control-plane`);
    execFileSync('kind', ['delete', 'cluster', '--name', CLUSTER], { stdio: 'ignore' });
    await expectDone(['--repair', '--yes']);
    expect(docker('inspect', '-f', '{{.Id}}', `${CLUSTER}-control-plane`)).not.toBe(node);
    expect(Object.keys(podsOf(kubeconfig)).length).toBeGreaterThanOrEqual(3);
  });

  test(`--delete refuses a foreign cluster, and finds ours by its mark ${covers('create-cluster --delete', 'exit 6')}`, async () => {
    const foreign = `e2e-foreign-${process.pid}`;
    const env = { ...process.env, KUBECONFIG: join(folder, 'foreign-kubeconfig') };
    const image = docker('images', 'kindest/node', '--format', '{{.Repository}}:{{.Tag}}').split('\n')[0] ?? '';
    onTestFinished(() => void execFileSync('kind', ['delete', 'cluster', '--name', foreign], { env, stdio: 'ignore' }));
    execFileSync('kind', ['create', 'cluster', '--name', foreign, '--image', image], { env, stdio: 'ignore' });
    const args = ['--cluster', foreign, '--delete', '--yes', '--provider', 'kind'];
    const refused = await startCli('create-cluster', args, { home, cwd: folder }).ended;
    expect(refused.exitCode, refused.stderr).toBe(6);
    expect(listKindClusters()).toContain(foreign);

    rmSync(join(home, 'state', CLUSTER), { recursive: true });
    const deleted = await expectDone(['--delete', '--yes']);
    expect(deleted.stderr).toContain('what stays');
    expect(listKindClusters()).not.toContain(CLUSTER);
    expect(listKindClusters()).toContain(foreign);
    expect(docker('ps', '-aq', '--filter', `name=^${CLUSTER}-control-plane$`)).toBe('');
    expect(pathsBelow(join(home, 'data', CLUSTER))).toEqual([]);
    expect(lookAtSecond()).toEqual(bystander);
  });

  test(
    `Ctrl-C and kill -9 in each of the six steps, and kill -9 six times at random ${covers('create-cluster --resume', 'exit 130')}`,
    async () => {
      const subject = await createKindSubject();
      onTestFinished(() => subject.destroy());
      const random = randomFrom(SEED);
      const inSteps = STEP_IDS.flatMap((inStep): Moment[] => [
        { inStep, afterMs: 0, signal: 'SIGINT' },
        { inStep, afterMs: Math.round(random() * 1_500) },
      ]);
      /** A late kill in one step may leave the next, short ones done already. */
      const isHit = (crashes: readonly Crash[]) => crashes.filter(({ exitCode }) => exitCode === 130).length >= 4;
      const anywhere = () => Array.from({ length: 3 }, () => ({ afterMs: Math.round(1_000 + random() * 25_000) }));
      for (const moments of [inSteps, anywhere(), anywhere()]) {
        const crashes = await crashInChain(subject, moments);
        expect(
          crashes.filter(({ faults }) => faults.length > 0),
          `CRASH_SEED=${SEED}`,
        ).toEqual([]);
        if (moments === inSteps) expect(isHit(crashes)).toBe(true);
      }
      expect(lookAtSecond()).toEqual(bystander);
    },
    LIMIT_MS,
  );
});
