import type { StepContext } from '../../engine/step.ts';
import type { ClusterConfig } from '../provider.ts';
import { findDrifted, keyOf } from './diff.ts';
import { askKubectl, getObjects, type KubeObject } from './kubectl.ts';
import { FIELD_MANAGER, INSTALL_ID_LABEL } from './names.ts';

/** What stands between the manifests and the cluster. */
export interface Comparison {
  missing: readonly KubeObject[];
  /** Live objects that differ from their manifests in what we own. */
  drifted: readonly KubeObject[];
  /** Live objects with our label that are in no manifest any more. */
  superfluous: readonly KubeObject[];
}

/** Kinds in which leftovers are looked for. Volume claims are not among them: data never goes unasked. */
const PRUNED_RESOURCES = [
  'configmaps',
  'deployments.apps',
  'statefulsets.apps',
  'daemonsets.apps',
  'services',
  'serviceaccounts',
  'networkpolicies.networking.k8s.io',
  'poddisruptionbudgets.policy',
  'cronjobs.batch',
  'ingresses.networking.k8s.io',
];
const DIFFERENT = 1;
const DIFF_TIMEOUT_MS = 60_000;
const LOOKS = 3;

/** Objects as YAML streams take them: one JSON document each. */
export function toStream(objects: readonly KubeObject[]): string {
  return objects.map((object) => JSON.stringify(object)).join('\n---\n');
}

/**
 * Compares manifests with the cluster and changes nothing: a diff by the server itself, so that its defaults are no
 * differences.
 *
 * @param objects as rendered
 * @param isNew nothing was ever applied, so that nothing is expected to be there
 * @throws InstallerError of class `network_reset` when the API does not answer
 */
export async function compareStack(
  ctx: Pick<StepContext, 'query'>,
  config: ClusterConfig,
  objects: readonly KubeObject[],
  installId: string,
  isNew: boolean,
): Promise<Comparison> {
  const list = () => getObjects(ctx.query, config, ['-f', '-'], toStream(objects));
  if (isNew && (await list()).length === 0) return { missing: objects, drifted: [], superfluous: [] };
  // Most of the time everything is there: the diff of all is asked for without waiting for the list.
  const [live, labelled, differing] = await Promise.all([
    list(),
    findLabelled(ctx, config, installId),
    findDrift(ctx, config, objects).catch(() => undefined),
  ]);
  const there = new Map(live.map((object) => [keyOf(object), object]));
  const wanted = new Set(objects.map(keyOf));
  const existing = objects.filter((object) => there.has(keyOf(object)));
  // A diff of objects in a namespace that does not exist fails as a whole.
  const drifted = differing ?? (existing.length === 0 ? [] : await findDrift(ctx, config, existing));
  return {
    missing: objects.filter((object) => !there.has(keyOf(object))),
    drifted: drifted.flatMap((object) => there.get(keyOf(object)) ?? []),
    superfluous: labelled.filter((object) => !wanted.has(keyOf(object))),
  };
}

/** Live objects of the kinds we prune that carry the label of an installation, and that we applied. */
export async function findLabelled(
  ctx: Pick<StepContext, 'query'>,
  config: ClusterConfig,
  installId: string,
): Promise<readonly KubeObject[]> {
  const selector = `${INSTALL_ID_LABEL}=${installId}`;
  const args = [PRUNED_RESOURCES.join(','), '--all-namespaces', '--selector', selector, '--show-managed-fields'];
  const found = await getObjects(ctx.query, config, args);
  return found.filter(isOurs);
}

/** A label alone may have been copied; what we applied has our field manager. The mark of the cluster is not a manifest. */
function isOurs({ metadata }: KubeObject): boolean {
  const managers = metadata.managedFields as { manager?: string }[] | undefined;
  return metadata.namespace !== 'kube-system' && (managers?.some(({ manager }) => manager === FIELD_MANAGER) ?? false);
}

/**
 * What differs each time that it is asked for. kubectl reads an object before the server says what it would become: where
 * a controller writes a status in between, as in the moments after a change, that is a difference, too.
 */
async function findDrift(
  ctx: Pick<StepContext, 'query'>,
  config: ClusterConfig,
  objects: readonly KubeObject[],
): Promise<readonly KubeObject[]> {
  let differing = objects;
  for (let look = 0; look < LOOKS && differing.length > 0; look += 1) differing = await diff(ctx, config, differing);
  return differing;
}

async function diff(
  ctx: Pick<StepContext, 'query'>,
  config: ClusterConfig,
  objects: readonly KubeObject[],
): Promise<readonly KubeObject[]> {
  const args = ['diff', '--server-side', `--field-manager=${FIELD_MANAGER}`, '--force-conflicts', '-f', '-'];
  const { exitCode, stdout } = await askKubectl(ctx.query, config, args, {
    input: toStream(objects),
    accept: [0, DIFFERENT],
    timeoutMs: DIFF_TIMEOUT_MS,
  });
  return exitCode === DIFFERENT ? findDrifted(stdout, objects) : [];
}
