import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';
import { isYaml, readManifestFiles } from '../../src/providers/kind/manifests/manifest-files.ts';
import type { Component } from '../../src/providers/provider.ts';

/** The manifests of this repository. */
export const MANIFESTS_DIR = fileURLToPath(new URL('../../k8s', import.meta.url));

export const KIND_COMPONENTS: readonly Component[] = ['grafana', 'mimir', 'tempo', 'loki', 'otel-collector'];

/** What tests look at in an object of Kubernetes. */
export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string> };
  // biome-ignore lint/suspicious/noExplicitAny: each kind has a spec of its own, and a wrong path fails the test
  spec?: any;
}

/** The objects of a choice of components, as written in the files (no kustomize needed). */
export async function loadManifests(components: readonly Component[] = KIND_COMPONENTS): Promise<readonly Manifest[]> {
  const { files } = await readManifestFiles(MANIFESTS_DIR, components);
  return files
    .filter(isYaml)
    .flatMap((file) => parseManifests(file.text))
    .filter(({ kind }) => kind !== 'Kustomization' && kind !== 'Component');
}

/** The objects in a text of YAML documents; what has no kind is left out. */
export function parseManifests(text: string): readonly Manifest[] {
  return parseAllDocuments(text)
    .map((document) => document.toJS() as Manifest)
    .filter((object) => object?.kind !== undefined);
}

/** Stateful sets and deployments. */
export function workloadsOf(manifests: readonly Manifest[]): readonly Manifest[] {
  return manifests.filter(({ kind }) => kind === 'StatefulSet' || kind === 'Deployment');
}
