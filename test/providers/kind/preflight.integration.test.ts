import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { listKindChecks } from '../../../src/providers/kind/preflight.ts';
import type { ClusterConfig } from '../../../src/providers/provider.ts';
import type { CheckResult } from '../../../src/steps/preflight/check.ts';
import { resolveThresholds } from '../../../src/steps/preflight/profiles.ts';
import { runChecks } from '../../../src/steps/preflight/run-checks.ts';
import { makeContext } from '../../steps/preflight/support.ts';
import { findFreePort } from '../../support/free-port.ts';
import { pushImage, REGISTRY, startRegistry } from '../../support/servers/registry.ts';
import { missingPrograms } from '../../support/servers/start-server.ts';
import { makeTempFolder } from '../../support/temp-folder.ts';

const noRegistry = await missingPrograms(REGISTRY);
const IMAGE = 'local/debian:bookworm-slim';
const run = (...args: string[]) =>
  execFileSync('docker', args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });

function hasDocker(): boolean {
  try {
    run('image', 'inspect', IMAGE);
    return true;
  } catch {
    return false;
  }
}

async function look(
  changes: Partial<ClusterConfig> = {},
  images: readonly string[] = [],
  done: readonly string[] = [],
) {
  const home = join(await makeTempFolder(), 'home');
  const config: ClusterConfig = {
    cluster: 'preflight-test',
    installId: 'test',
    home,
    dataDir: join(home, 'data'),
    binDir: join(home, 'bin'),
    components: ['mimir'],
    ports: {},
    preflight: { ...resolveThresholds(undefined, undefined, undefined, 'kind'), cpus: 1 },
    manifestsDir: '',
    yes: false,
    env: process.env,
    ...changes,
  };
  const ctx = await makeContext({ env: config.env, done });
  const results = await runChecks(
    listKindChecks(config, async () => images),
    ctx,
    config.env,
  );
  return { results };
}

const find = (results: readonly CheckResult[], id: string) => results.find(({ check }) => check.id === id)?.finding;

function publish(port: number, cluster: string): void {
  const label = `io.x-k8s.kind.cluster=${cluster}`;
  const id = run('run', '-d', '--label', label, '-p', `127.0.0.1:${port}:80`, IMAGE, 'sleep', '600').trim();
  onTestFinished(() => {
    run('rm', '-f', id);
  });
}

describe.skipIf(!hasDocker())('preflight of a kind cluster, with a real Docker engine', () => {
  it('passes here', async () => {
    const { results } = await look({ ports: { mimir: await findFreePort() } });
    const errors = results.filter(
      ({ check, finding }) => finding.level === 'error' && !check.id.startsWith('program-'),
    );
    expect(errors).toEqual([]);
    expect(find(results, 'docker')?.message).toContain('answers');
    expect(find(results, 'disk-docker')?.message).toContain('GB free');
  });

  it('takes a port of this very cluster for free, and names the holder of another’s', async () => {
    const [ours, others] = [await findFreePort(), await findFreePort()];
    publish(ours, 'preflight-test');
    publish(others, 'preflight-test-2');
    const { results } = await look({ ports: { mimir: ours, loki: others } });
    expect(find(results, 'port-mimir')).toEqual({ level: 'ok', message: 'held by this installation' });
    expect(find(results, 'port-loki')?.level).toBe('error');
    expect(find(results, 'port-loki')?.message).toMatch(/is held by .*docker.* \(pid \d+\)/);
    expect(find(results, 'port-loki')?.hint).toContain(`docker ps --filter publish=${others}`);
  });

  it('asks registries only for images that are not here, and not at all once the pods run', async () => {
    const absent = '127.0.0.1:1/nothing/here:1';
    expect(find((await look({}, [IMAGE])).results, 'registries')?.message).toContain('not needed');
    const { results } = await look({}, [IMAGE, absent]);
    expect(find(results, 'registries')).toMatchObject({
      level: 'error',
      message: expect.stringContaining('1 image to pull'),
    });
    expect(find((await look({}, [absent], ['pods_ready'])).results, 'registries')?.level).toBe('ok');
  });

  it.skipIf(noRegistry !== undefined)(
    'finds a tag that is gone before anything is made, and names its fallback',
    async () => {
      const registry = await startRegistry();
      onTestFinished(() => registry.stop());
      await pushImage(registry.url, 'grafana/loki:1');
      const [there, gone] = [`${registry.host}/grafana/loki:1`, `${registry.host}/grafana/loki:2`];
      expect(find((await look({}, [there])).results, 'images')).toBeUndefined();
      const { results } = await look({}, [there, gone]);
      expect(find(results, 'images')).toMatchObject({ level: 'error', message: expect.stringContaining(gone) });
      expect(find(results, 'images')?.message).not.toContain(there);
      expect(find(results, 'registries')?.level).toBe('ok');
    },
  );

  it('needs more where more is asked for, and no more once the cluster is made', async () => {
    const preflight = { diskGb: 1_000_000, memoryGb: 1_000_000, cpus: 1_000 };
    const { results } = await look({ preflight });
    expect(['disk-docker', 'memory', 'cpu'].map((id) => find(results, id)?.level)).toEqual(['error', 'error', 'error']);
    const later = await look({ preflight }, [], ['cluster_create', 'pods_ready']);
    expect(['disk-docker', 'memory', 'cpu'].map((id) => find(later.results, id)?.level)).toEqual([
      'warning',
      'warning',
      'warning',
    ]);
  });
});

describe.skipIf(!hasDocker())('preflight of a kind cluster, without an engine that answers', () => {
  it('says how it is started when nothing listens, and the other checks report all the same', async () => {
    const port = await findFreePort();
    const { results } = await look({ env: { ...process.env, DOCKER_HOST: `tcp://127.0.0.1:${port}` } }, [
      'ghcr.io/a/b:1',
    ]);
    expect(find(results, 'docker')).toMatchObject({
      level: 'error',
      message: expect.stringContaining('cannot be reached'),
    });
    expect(find(results, 'docker')?.hint).toContain(`DOCKER_HOST is tcp://127.0.0.1:${port}`);
    expect(results.filter(({ finding }) => finding.message.includes('could not be checked'))).toEqual([]);
    expect(find(results, 'disk-home')?.level).toBe('ok');
    expect(find(results, 'registries')).toBeUndefined();
  });

  it('gives up an engine that takes connections and never answers, in its time, told once', async () => {
    const sockets = new Set<{ destroy(): void }>();
    const silent = createServer((socket) => sockets.add(socket)).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    onTestFinished(() => {
      for (const socket of sockets) socket.destroy();
      silent.close();
    });
    const address = silent.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    // It comes back at all: the limit of this test is the limit.
    const { results } = await look({ env: { ...process.env, DOCKER_HOST: `tcp://127.0.0.1:${port}` } });
    expect(sockets.size).toBeGreaterThan(0);
    const errors = results.filter(
      ({ check, finding }) => finding.level === 'error' && !check.id.startsWith('program-'),
    );
    expect(errors.map(({ check }) => check.id)).toEqual(['docker']);
    expect(errors[0]?.finding.message).toContain('does not answer');
  }, 120_000);
});
