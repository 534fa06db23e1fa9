import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { Outputs } from '../../engine/record.ts';
import type { Observation, StepContext } from '../../engine/step.ts';
import { InstallerError } from '../../errors/installer-error.ts';
import type { ClusterConfig, StepBody, StepId } from '../provider.ts';
import { ensureAdminSecret } from './admin-secret.ts';
import { type Comparison, compareStack, findLabelled, toStream } from './compare-stack.ts';
import { titleOf } from './diff.ts';
import { inspectNodes } from './docker.ts';
import { isApiUnreachable, type KubeObject, kubectl } from './kubectl.ts';
import { loadImages } from './load-images.ts';
import { inputsOf } from './manifests/inputs-of.ts';
import { installIdOf } from './mark.ts';
import { FIELD_MANAGER, INSTALL_ID_LABEL, STACK_NAMESPACE } from './names.ts';
import {
  ensureNotificationSecret,
  findSecretFault,
  removeNotificationSecret,
  restartGrafana,
} from './notification-secret.ts';
import { pullMissing } from './pull-images.ts';
import type { Stack } from './stack.ts';

const TIMEOUT_MS = 10 * 60_000;
const SAVED_KEPT = 10;
/** The engine applies what it has just observed, with the same context. */
const seen = new WeakMap<StepContext, Comparison>();

/** Step `manifests_apply`: the cluster holds what the manifests say, and nothing that they once said and do no more. */
export function createManifestsApply(config: ClusterConfig, stack: Stack): StepBody {
  return {
    policy: { timeoutMs: TIMEOUT_MS },
    inputs: async () => ({
      ...(await inputsOf(config.manifestsDir, config.components, config.notifications)),
      image_mirror: config.imageMirror ?? 'none',
    }),
    observe: (ctx) => observe(ctx, config, stack),
    apply: (ctx) => apply(ctx, config, stack),
    rollback: (ctx) => rollback(ctx, config),
  };
}

async function observe(ctx: StepContext, config: ClusterConfig, stack: Stack): Promise<Observation> {
  const installId = installIdOf(ctx, config);
  const objects = await stack.render(ctx, installId);
  try {
    const [comparison, secret] = await Promise.all([
      compareStack(ctx, config, objects, installId, isNew(ctx)),
      findSecretFault(ctx, config),
    ]);
    seen.set(ctx, comparison);
    return judge(objects, comparison, secret?.finding);
  } catch (thrown) {
    ctx.signal.throwIfAborted();
    if (!isApiUnreachable(thrown)) throw thrown;
    return { state: 'unknown', reason: thrown.message };
  }
}

function isNew(ctx: StepContext): boolean {
  return ctx.recorded?.outputs === undefined;
}

function judge(objects: readonly KubeObject[], comparison: Comparison, secret: string | undefined): Observation {
  const { missing, drifted, superfluous } = comparison;
  if (missing.length === objects.length) return { state: 'absent', reason: 'nothing of it is applied' };
  const findings = [
    ...missing.map((object) => `missing: ${titleOf(object)}`),
    ...drifted.map((object) => `differs: ${titleOf(object)}`),
    ...superfluous.map((object) => `no longer in the manifests: ${titleOf(object)}`),
    ...(secret === undefined ? [] : [secret]),
  ];
  if (findings.length === 0) return { state: 'present', reason: `${objects.length} objects as the manifests say` };
  const [first = ''] = findings;
  const reason = findings.length === 1 ? first : `${first}, and ${findings.length - 1} more`;
  return { state: 'unhealthy', reason, details: findings };
}

async function apply(ctx: StepContext, config: ClusterConfig, stack: Stack): Promise<Outputs> {
  const installId = installIdOf(ctx, config);
  const [objects] = await Promise.all([stack.render(ctx, installId), loadMissingImages(ctx, config, stack)]);
  const { drifted, superfluous } = seen.get(ctx) ?? (await compareStack(ctx, config, objects, installId, isNew(ctx)));
  seen.delete(ctx);
  if (drifted.length > 0) await save(ctx, config, drifted);
  // The namespace and the passwords stand before the pods that need them.
  const namespaces = objects.filter(({ kind }) => kind === 'Namespace');
  let isOutdated = false;
  if (config.components.includes('grafana')) {
    await applyObjects(ctx, config, namespaces);
    await ensureAdminSecret(ctx, config, installId);
    isOutdated = await ensureNotificationSecret(ctx, config, installId);
  }
  ctx.progress(`applying ${objects.length} objects`, { total: objects.length });
  await applyObjects(ctx, config, objects);
  if (isOutdated) await restartGrafana(ctx, config);
  if (superfluous.length > 0) await prune(ctx, config, superfluous);
  const notifies = config.notifications !== undefined;
  if (!notifies && ctx.recorded?.outputs?.notifies === true) await removeNotificationSecret(ctx, config);
  return { objects: objects.length, namespace: STACK_NAMESPACE, ...(notifies ? { notifies } : {}) };
}

/** Applies as their owner, so that a field somebody else has changed is ours again. */
export async function applyObjects(
  ctx: StepContext,
  config: ClusterConfig,
  objects: readonly KubeObject[],
): Promise<void> {
  const args = ['apply', '--server-side', `--field-manager=${FIELD_MANAGER}`, '--force-conflicts', '-f', '-'];
  try {
    await ctx.exec(kubectl(config, args, { input: toStream(objects) }));
  } catch (thrown) {
    throw explain(ctx, thrown);
  }
}

function explain(ctx: StepContext, thrown: unknown): unknown {
  ctx.signal.throwIfAborted();
  if (!(thrown instanceof InstallerError)) return thrown;
  const said = thrown.details.tail?.findLast((line) => /^(error|Error from server|The \w+ )/.test(line));
  if (said === undefined) return thrown;
  const immutable = /field is immutable|updates to statefulset spec for fields other than/i.test(said);
  const hint = immutable
    ? 'this cannot be changed in place: delete that object by hand (kubectl delete --cascade=orphan keeps its pods and data), then run this again'
    : undefined;
  return new InstallerError(thrown.code, `the manifests could not be applied: ${said}`, {
    ...thrown.details,
    ...(hint === undefined ? {} : { hint }),
  });
}

async function loadMissingImages(ctx: StepContext, config: ClusterConfig, stack: Stack): Promise<void> {
  const images = await stack.images();
  const { loaded_images: loaded } = ctx.outputsOf('cluster_create' satisfies StepId);
  const known = typeof loaded === 'string' ? loaded.split(',') : [];
  if (images.every((image) => known.includes(image))) return;
  const nodes = await inspectNodes(ctx.query, config, config.cluster);
  const running = nodes.filter((node) => node.running).map((node) => node.name);
  await pullMissing(ctx, config, images);
  await loadImages(ctx, config, running, images);
}

/** Keeps what is about to be overwritten, so that nobody's change is lost. */
async function save(ctx: StepContext, config: ClusterConfig, objects: readonly KubeObject[]): Promise<void> {
  const parent = join(config.dataDir, 'overwritten');
  const folder = join(parent, new Date(ctx.clock.now()).toISOString().replaceAll(':', ''));
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const object of objects) {
    const { kind, metadata } = object;
    const path = join(folder, `${kind}.${metadata.namespace ?? ''}.${metadata.name}.yaml`);
    await writeFile(path, stringify(object), { mode: 0o600 });
  }
  ctx.notice(`set to what the manifests say: ${objects.map(titleOf).join(', ')}; as it was before: ${folder}`);
  for (const old of (await readdir(parent)).sort().slice(0, -SAVED_KEPT)) {
    await rm(join(parent, old), { recursive: true, force: true });
  }
}

async function prune(ctx: StepContext, config: ClusterConfig, objects: readonly KubeObject[]): Promise<void> {
  ctx.progress(`removing ${objects.length} objects that left the manifests`);
  const args = ['delete', '--ignore-not-found', '--wait=false', '-f', '-'];
  await ctx.exec(kubectl(config, args, { input: toStream(objects.map(bare)) }));
}

/** Only what names an object. */
function bare({ apiVersion, kind, metadata }: KubeObject): KubeObject {
  const { name, namespace } = metadata;
  return { apiVersion, kind, metadata: { name, ...(namespace === undefined ? {} : { namespace }) } };
}

/** A cluster of ours goes as a whole; from somebody else's, what we applied is taken out, and volume claims stay. */
async function rollback(ctx: StepContext, config: ClusterConfig): Promise<void> {
  if (ctx.outputsOf('cluster_create' satisfies StepId).ours !== false) return;
  const nodes = await inspectNodes(ctx.query, config, config.cluster);
  if (nodes.length === 0) return;
  const installId = installIdOf(ctx, config);
  const objects = await findLabelled(ctx, config, installId);
  if (objects.length > 0) await prune(ctx, config, objects);
  const secrets = [
    'delete',
    'secrets',
    '--namespace',
    STACK_NAMESPACE,
    '--selector',
    `${INSTALL_ID_LABEL}=${installId}`,
  ];
  await ctx.exec(kubectl(config, secrets));
  ctx.notice(
    `volume claims and the namespace "${STACK_NAMESPACE}" stay in cluster "${config.cluster}": they hold data`,
  );
}
