import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { findProgram, runChild } from './child.ts';
import { root, type Workspace } from './workspace.ts';

const COMPONENTS = ['grafana', 'mimir', 'tempo', 'loki', 'otel-collector'] as const;
const NAMESPACE = 'observability';

/** What a cluster can be made of here without a registry. */
export interface Stack {
  nodeImage: string;
  components: readonly string[];
  images: readonly string[];
}

/** Components whose image Docker has, and a node image. @returns why not, in words, when there are none */
export async function findStack(): Promise<Stack | string> {
  for (const program of ['docker', 'kind', 'kubectl']) {
    if (findProgram(program) === undefined) return `${program} is not on the PATH`;
  }
  const list = await runChild('docker', ['images', '--format', '{{.Repository}}:{{.Tag}}']).catch(() => undefined);
  if (list === undefined) return 'the Docker engine does not answer';
  const local = list.stdout.split('\n');
  const nodeImage = local.find((image) => image.startsWith('kindest/node:'));
  const present = COMPONENTS.map((component) => ({ component, image: imageOf(component) })).filter(({ image }) =>
    local.includes(image),
  );
  if (nodeImage === undefined || present.length === 0) return 'Docker has no node image, or none of the stack';
  return {
    nodeImage,
    components: present.map(({ component }) => component),
    images: present.map(({ image }) => image),
  };
}

/** The bare commands in a row: cluster, images, manifests, wait. @returns wall time in milliseconds */
export async function installByHand(workspace: Workspace, name: string, stack: Stack): Promise<number> {
  const folder = workspace.makeFolder();
  const env = { ...process.env, KUBECONFIG: join(folder, 'kubeconfig') };
  writeKustomization(folder, stack.components);
  const commands: readonly (readonly [string, ...string[]])[] = [
    ['kind', 'create', 'cluster', '--name', name, '--image', stack.nodeImage, '--wait', '5m'],
    ['kind', 'load', 'docker-image', ...stack.images, '--name', name],
    ['kubectl', 'apply', '-k', folder],
    [
      'kubectl',
      ...['wait', '-n', NAMESPACE, '--for=jsonpath={.status.readyReplicas}=1', '--timeout=5m'],
      ...['statefulset,deployment', '--all'],
    ],
  ];
  let ms = 0;
  try {
    for (const [program, ...args] of commands) ms += (await runChild(program, args, { env })).ms;
  } finally {
    await runChild('kind', ['delete', 'cluster', '--name', name], { env });
  }
  return ms;
}

function imageOf(component: string): string {
  for (const file of ['statefulset.yaml', 'deployment.yaml']) {
    try {
      const image = /^\s+image: (\S+)$/m.exec(readFileSync(join(root, 'k8s', component, file), 'utf8'))?.[1];
      if (image !== undefined) return image;
    } catch {
      // The other kind of workload.
    }
  }
  throw new Error(`k8s/${component} names no image`);
}

function writeKustomization(folder: string, components: readonly string[]): void {
  const base = relative(folder, join(root, 'k8s'));
  const joined = components.flatMap((component) =>
    ['grafana', 'otel-collector'].includes(component)
      ? components
          .filter((other) => ['mimir', 'tempo', 'loki'].includes(other))
          .map((other) => `${component}/with/${other}`)
      : [],
  );
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, 'kustomization.yaml'),
    JSON.stringify({
      apiVersion: 'kustomize.config.k8s.io/v1beta1',
      kind: 'Kustomization',
      resources: ['base', ...components].map((path) => join(base, path)),
      components: joined.map((path) => join(base, path)),
    }),
  );
}
