import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { StepRecord } from '../../../src/engine/record.ts';
import { rollBack } from '../../../src/engine/roll-back.ts';
import { runPlan } from '../../../src/engine/run-plan.ts';
import { createClusterPlan } from '../../../src/plans/create-cluster/plan.ts';
import type { KubeObject } from '../../../src/providers/kind/kubectl.ts';
import { createKindProvider } from '../../../src/providers/kind/provider.ts';
import type { ClusterConfig } from '../../../src/providers/provider.ts';
import { findFreePort } from '../../support/free-port.ts';
import { lateRestarts } from '../../support/kind-ground.ts';
import { makeEnginePorts } from '../../support/step-context.ts';

const MANIFESTS = fileURLToPath(new URL('../../../k8s', import.meta.url));
/** Small, and needs no other component. */
const IMAGES = ['kindest/node', 'otel/opentelemetry-collector-contrib'];

/** Why tests with real clusters cannot run here; undefined when they can. */
export function whyNoClusters(): string | undefined {
  for (const program of ['docker', 'kind', 'kubectl']) {
    const [word] = program === 'kubectl' ? ['version --client'] : ['version'];
    if (!succeeds(program, word?.split(' ') ?? [])) return `${program} does not answer`;
  }
  const missing = IMAGES.find((image) => run('docker', ['images', '--quiet', image]) === '');
  return missing === undefined ? undefined : `Docker has no image ${missing}`;
}

/** A configuration of one component with free ports, in folders of its own, with a kubeconfig of its own. */
export async function makeConfig(home: string, more: Partial<ClusterConfig> = {}): Promise<ClusterConfig> {
  return {
    cluster: `kp-${randomUUID().slice(0, 8)}`,
    installId: randomUUID(),
    home,
    dataDir: join(home, 'data'),
    binDir: join(home, 'bin'),
    components: ['otel-collector'],
    ports: { 'otlp-grpc': await findFreePort(), 'otlp-http': await findFreePort() },
    preflight: { diskGb: 1, memoryGb: 1, cpus: 1 },
    manifestsDir: MANIFESTS,
    yes: true,
    env: { ...process.env, KUBECONFIG: join(home, 'user-kubeconfig') },
    ...more,
  };
}

/** Runs, repairs or takes back an installation as the product does, with its record in memory. */
export async function play(
  config: ClusterConfig,
  steps: Map<string, StepRecord>,
  mode: 'run' | 'repair' | 'delete',
  signal: AbortSignal = new AbortController().signal,
) {
  const ports = await makeEnginePorts({ steps, env: config.env });
  const plan = createClusterPlan(createKindProvider(), config);
  const options = { runId: randomUUID(), signal };
  if (mode === 'delete') return { ports, error: await rollBack(plan, ports, options), actions: {} };
  const report = await runPlan(plan, ports, { ...options, mode });
  const actions = Object.fromEntries([...report.outcomes].map(([id, { action }]) => [id, action]));
  return { ports, error: report.error, actions };
}

/** Output of a program, without the newline at its end. @throws Error when it fails */
export function run(file: string, args: readonly string[], input?: string): string {
  const stdio = ['pipe', 'pipe', 'pipe'] as const;
  return execFileSync(file, args, {
    encoding: 'utf8',
    stdio: [...stdio],
    ...(input === undefined ? {} : { input }),
  }).trimEnd();
}

/** kubectl on the cluster of a configuration. */
export function kube(config: ClusterConfig, args: string, input?: string): string {
  return run('kubectl', ['--kubeconfig', join(config.dataDir, 'kubeconfig'), ...args.split(' ')], input);
}

/** uid and generation of every object of the stack, and restarts of its pods: what must not change when nothing is to do. */
export function snapshot(config: ClusterConfig): Record<string, string> {
  const kinds = 'pods,deployments,services,configmaps,networkpolicies';
  const { items } = JSON.parse(kube(config, `-n observability get ${kinds} -o json`)) as { items: KubeObject[] };
  const late = lateRestarts(join(config.dataDir, 'kubeconfig'));
  return Object.fromEntries(
    items.map(({ kind, metadata: { name, uid = '', generation = '' }, status }) => {
      const { containerStatuses = [] } = (status ?? {}) as { containerStatuses?: { restartCount: number }[] };
      const restarts = containerStatuses.reduce((sum, { restartCount }) => sum + restartCount, 0);
      return [`${kind}/${name}`, `${uid} ${generation} ${Math.max(0, restarts - (late.get(uid) ?? 0))}`];
    }),
  );
}

/** Whether a program ends with 0. */
function succeeds(file: string, args: readonly string[]): boolean {
  try {
    run(file, args);
    return true;
  } catch {
    return false;
  }
}
