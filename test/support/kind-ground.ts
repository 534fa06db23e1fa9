import { execFileSync, spawnSync } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { missingPrograms } from './programs.ts';

/** Images of the components that can be run, by the name that stands in for each where no registry can be reached. */
const STAND_INS: Readonly<Record<string, string>> = {
  'grafana/mimir': 'kit/mimir',
  'grafana/loki': 'kit/loki',
  'otel/opentelemetry-collector-contrib': 'kit/otelcol',
};

/**
 * Sees to it that a cluster with Mimir, Loki and the collector can be made here without a registry.
 *
 * @returns why it cannot
 */
export function missingForKind(): string | undefined {
  const missing = missingPrograms('docker', 'kind', 'kubectl');
  if (missing !== undefined) return missing;
  if (!succeeds('docker', 'version')) return 'no Docker engine answers';
  if (docker('images', '-q', 'kindest/node').trim() === '') return 'no image kindest/node in Docker';
  for (const [image, standIn] of Object.entries(STAND_INS)) {
    const reference = referenceOf(image);
    if (succeeds('docker', 'image', 'inspect', reference)) continue;
    if (!succeeds('docker', 'tag', standIn, reference)) return `neither ${reference} nor ${standIn} is in Docker`;
  }
  return undefined;
}

/** The reference, with its tag, that the manifests ask for. */
function referenceOf(image: string): string {
  const root = join(import.meta.dirname, '../../k8s');
  for (const file of globSync('**/*.yaml', { cwd: root })) {
    const [, tag] = new RegExp(`image: ${image}:(\\S+)`).exec(readFileSync(join(root, file), 'utf8')) ?? [];
    if (tag !== undefined) return `${image}:${tag}`;
  }
  throw new Error(`no manifest asks for ${image}`);
}

export function docker(...args: readonly string[]): string {
  return execFileSync('docker', args, { encoding: 'utf8' });
}

function succeeds(...[program = '', ...args]: readonly string[]): boolean {
  return spawnSync(program, args, { stdio: 'ignore' }).status === 0;
}

/** What would tell that somebody has touched a container. */
export function stateOfContainer(name: string): string {
  return docker('inspect', '-f', '{{.Id}} {{.State.StartedAt}} {{.State.Status}}', name);
}

export interface Pod {
  name: string;
  uid: string;
  /** But for those that {@link lateRestarts} tells. */
  restarts: number;
}

/** Pods of the stack by the name of their component: of several the youngest. */
export function podsOf(kubeconfig: string): Readonly<Record<string, Pod>> {
  const { items } = JSON.parse(kubectl(kubeconfig, 'get', 'pods', '-o', 'json')) as {
    items: {
      metadata: {
        name: string;
        uid: string;
        creationTimestamp: string;
        deletionTimestamp?: string;
        labels?: Record<string, string>;
      };
      status: { containerStatuses?: { restartCount: number }[] };
    }[];
  };
  const late = lateRestarts(kubeconfig);
  return Object.fromEntries(
    items
      .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
      .sort((a, b) => Date.parse(a.metadata.creationTimestamp) - Date.parse(b.metadata.creationTimestamp))
      .map(({ metadata: { name, uid, labels }, status }) => [
        labels?.['app.kubernetes.io/name'] ?? name,
        { name, uid, restarts: Math.max(0, (status.containerStatuses?.[0]?.restartCount ?? 0) - (late.get(uid) ?? 0)) },
      ]),
  );
}

/**
 * How often the kubelet itself has restarted containers, by the uid of their pod: on a busy node some answer their probes
 * too late, which is nobody's doing.
 */
export function lateRestarts(kubeconfig: string): ReadonlyMap<string, number> {
  const { items } = JSON.parse(
    kubectl(kubeconfig, 'get', 'events', '--field-selector', 'reason=Killing', '-o', 'json'),
  ) as { items: { involvedObject: { uid: string }; message: string; count?: number }[] };
  const late = new Map<string, number>();
  for (const { involvedObject, message, count = 1 } of items) {
    if (!/failed (liveness|startup) probe/.test(message)) continue;
    late.set(involvedObject.uid, (late.get(involvedObject.uid) ?? 0) + count);
  }
  return late;
}

/**
 * Every object of the stack that an installer writes, by its identity and version. Not its pods: a node that starves
 * replaces them by itself.
 */
export function objectsOf(kubeconfig: string): readonly string[] {
  const { items } = JSON.parse(kubectl(kubeconfig, 'get', 'deploy,sts,svc,pvc,cm,secret', '-o', 'json')) as {
    items: { kind: string; metadata: { name: string; uid: string; generation?: number }; data?: object }[];
  };
  return items
    .map(({ kind, metadata: { name, uid, generation }, data }) =>
      [kind, name, uid, generation ?? JSON.stringify(data ?? null)].join(' '),
    )
    .sort();
}

export function kubectl(kubeconfig: string, ...args: readonly string[]): string {
  return execFileSync('kubectl', ['--kubeconfig', kubeconfig, '-n', 'observability', ...args], { encoding: 'utf8' });
}
