import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { STEP_IDS } from '../../../src/providers/provider.ts';
import { startCli } from '../cli.ts';
import { findFreePort } from '../free-port.ts';
import type { Subject } from './subject.ts';

/** Ports that the components of {@link kindFlags} publish. */
const PORTS = ['mimir', 'loki', 'otlp-grpc', 'otlp-http'];

/** Flags of an installation of provider kind that can be made from images in Docker alone, on ports of its own. */
export async function kindFlags(cluster: string): Promise<readonly string[]> {
  const ports = await Promise.all(PORTS.map(async (name) => ['--port', `${name}=${await findFreePort()}`]));
  const components = ['--components', 'mimir,loki,otel-collector'];
  return ['--provider', 'kind', '--cluster', cluster, ...components, '--yes', ...ports.flat()];
}

/** Names of all kind clusters on this machine. */
export function listKindClusters(): readonly string[] {
  const names = execFileSync('kind', ['get', 'clusters'], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
  return names.split('\n').filter(Boolean);
}

/** create-cluster with provider kind: a real cluster of a name of its own. */
export async function createKindSubject(): Promise<Subject> {
  const folder = mkdtempSync(join(tmpdir(), 'ccx-crash-kind-'));
  const home = join(folder, 'home');
  const cluster = `e2e-crash-${process.pid}`;
  const install = await kindFlags(cluster);
  const env = { KUBECONFIG: join(folder, 'kubeconfig') };
  return {
    name: 'kind',
    home,
    cwd: folder,
    program: 'create-cluster',
    env,
    install,
    resume: [...install, '--resume'],
    steps: STEP_IDS,
    cluster,
    plan: 'create-cluster',
    async clear() {
      const args = ['--delete', '--provider', 'kind', '--cluster', cluster, '--yes'];
      const { exitCode, stderr } = await startCli('create-cluster', args, { home, cwd: folder, env }).ended;
      if (exitCode !== 0) throw new Error(`--delete ended with ${exitCode}: ${stderr}`);
      if (listKindClusters().includes(cluster)) throw new Error(`--delete has left the cluster ${cluster}`);
    },
    async findFaults() {
      const found = listKindClusters().filter((name) => name === cluster).length;
      return found === 1 ? [] : [`${found} clusters of the name ${cluster}`];
    },
    async destroy() {
      execFileSync('kind', ['delete', 'cluster', '--name', cluster], {
        env: { ...process.env, ...env },
        stdio: 'ignore',
      });
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
