import type { StepContext } from '../../engine/step.ts';
import { InstallerError } from '../../errors/installer-error.ts';
import { formatReference, parseReference } from '../../images/reference.ts';
import { waitUntil } from '../../resilience/wait-until.ts';
import type { ClusterConfig } from '../provider.ts';
import { askDocker, docker, lastLine } from './docker.ts';

const CTR = ['ctr', '--namespace=k8s.io'];
/** kind's nodes use it unless the host's file system does not allow it. */
const DEFAULT_SNAPSHOTTER = 'overlayfs';
/** Streams an image from Docker into a node's containerd; $1 is the image, the rest the receiving command. */
const PIPE = 'image=$1; shift; docker save "$image" | "$@"';
const CONTAINERD_TIMEOUT_MS = 60_000;

/**
 * Loads into the nodes what they lack and Docker has, so that no registry is asked for it.
 *
 * @param images references as the pods will ask for them
 * @returns those that are in the nodes now, or were before
 * @throws InstallerError `engine_unreachable`, `step_failed` when an image cannot be streamed
 */
export async function loadImages(
  ctx: StepContext,
  config: ClusterConfig,
  nodes: readonly string[],
  images: readonly string[],
): Promise<readonly string[]> {
  const local = await findLocalImages(ctx, config, images);
  let done = 0;
  for (const node of nodes) {
    if (local.length === 0) break;
    const there = await listNodeImages(ctx, config, node);
    let snapshotter: string | undefined;
    for (const image of local) {
      if (!there.has(inFull(image))) {
        snapshotter ??= await findSnapshotter(ctx, config, node);
        ctx.progress(`loading ${image} into ${node}`, { done, total: local.length * nodes.length, item: image });
        const importer = [...CTR, 'images', 'import', '--digests', `--snapshotter=${snapshotter}`, '-'];
        const args = ['-c', PIPE, 'sh', image, 'docker', 'exec', '--interactive', node, ...importer];
        await ctx.exec(docker(config, args, { file: 'sh' }));
      }
      done += 1;
    }
  }
  return local;
}

/** Those of the images that Docker has. @throws InstallerError `engine_unreachable` */
export async function findLocalImages(
  ctx: Pick<StepContext, 'query'>,
  config: ClusterConfig,
  images: readonly string[],
): Promise<readonly string[]> {
  const listed = await askDocker(ctx.query, config, ['images', '--format', '{{.Repository}}:{{.Tag}}']);
  const there = new Set(listed.stdout.split('\n').filter(isNamed).map(inFull));
  return images.filter((image) => there.has(inFull(image)));
}

/**
 * Waits until a node that is just being made can take images.
 *
 * @param isOver when there will be no such node any more
 * @returns false when it never could
 */
export async function awaitContainerd(
  ctx: StepContext,
  config: ClusterConfig,
  node: string,
  isOver: () => boolean,
): Promise<boolean> {
  const look = async () => {
    if (isOver()) return 'over' as const;
    const { exitCode } = await askDocker(ctx.query, config, ['exec', node, ...CTR, 'images', 'ls', '--quiet']);
    return exitCode === 0 ? ('ready' as const) : undefined;
  };
  const { clock, signal } = ctx;
  const timing = { timeoutMs: CONTAINERD_TIMEOUT_MS, intervalMs: 400, maxIntervalMs: 1_000 };
  return (await waitUntil(look, { clock, signal, ...timing })) === 'ready';
}

async function listNodeImages(ctx: StepContext, config: ClusterConfig, node: string): Promise<ReadonlySet<string>> {
  const listed = await askDocker(ctx.query, config, ['exec', node, ...CTR, 'images', 'ls', '--quiet']);
  if (listed.exitCode === 0) return new Set(listed.stdout.split('\n').filter(Boolean));
  throw new InstallerError('step_failed', `the images of node ${node} cannot be listed: ${lastLine(listed.stderr)}`);
}

/** containerd's own choice in that node, as kind made it at the node's start. */
async function findSnapshotter(ctx: StepContext, config: ClusterConfig, node: string): Promise<string> {
  const { stdout } = await askDocker(ctx.query, config, ['exec', node, 'containerd', 'config', 'dump']);
  const found = [...stdout.matchAll(/^\s*snapshotter = ['"]([\w-]+)['"]/gm)];
  return found[0]?.[1] ?? DEFAULT_SNAPSHOTTER;
}

/** As containerd writes it. */
function inFull(image: string): string {
  return formatReference(parseReference(image));
}

/** Docker lists images that have lost their name as `<none>:<none>`. */
function isNamed(line: string): boolean {
  return line !== '' && !line.includes('<none>');
}
