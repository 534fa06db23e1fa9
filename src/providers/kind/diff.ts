import type { KubeObject } from './kubectl.ts';

/** An object in a few words: `Deployment observability/otel-collector`. */
export function titleOf({ kind, metadata }: Pick<KubeObject, 'kind' | 'metadata'>): string {
  return metadata.namespace === undefined
    ? `${kind} ${metadata.name}`
    : `${kind} ${metadata.namespace}/${metadata.name}`;
}

/** Tells objects apart; the version of an API group is no part of it. */
export function keyOf({ apiVersion, kind, metadata }: Pick<KubeObject, 'apiVersion' | 'kind' | 'metadata'>): string {
  const group = apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '';
  return `${group}/${kind}/${metadata.namespace ?? ''}/${metadata.name}`;
}

/**
 * The objects that differ, by the output of `kubectl diff`: it compares two folders, in which each object is a file
 * named GROUP.VERSION.KIND.NAMESPACE.NAME.
 *
 * @param output of `kubectl diff`, in any unified format
 * @param objects those that were compared
 */
export function findDrifted(output: string, objects: readonly KubeObject[]): readonly KubeObject[] {
  const files = new Set([...output.matchAll(/^\+\+\+ \S*\/MERGED-[^/\s]+\/(\S+)/gm)].map((match) => match[1]));
  return objects.filter((object) => files.has(fileNameOf(object)));
}

function fileNameOf({ apiVersion, kind, metadata }: KubeObject): string {
  const parts = [apiVersion.replace('/', '.'), kind, metadata.namespace ?? '', metadata.name];
  // As kubectl does, for the systems on which a colon is no part of a file name.
  return parts.join('.').replaceAll(':', '-');
}
