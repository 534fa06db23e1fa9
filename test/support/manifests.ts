import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseAllDocuments } from 'yaml';
import { isYaml, readManifestFiles } from '../../src/providers/kind/manifests/manifest-files.ts';
import type { Component } from '../../src/providers/provider.ts';
import { makeTempFolder } from './temp-folder.ts';

/** The manifests of this repository. */
export const MANIFESTS_DIR = fileURLToPath(new URL('../../k8s', import.meta.url));

/** The dashboards, which stand beside them. */
export const DASHBOARDS_DIR = fileURLToPath(new URL('../../dashboards', import.meta.url));

export const KIND_COMPONENTS: readonly Component[] = ['grafana', 'mimir', 'tempo', 'loki', 'otel-collector'];

/** What tests look at in an object of Kubernetes. */
export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; labels?: Record<string, string> };
  // biome-ignore lint/suspicious/noExplicitAny: each kind has a spec of its own, and a wrong path fails the test
  spec?: any;
}

/** A copy of the manifests, and of the dashboards beside them, that a test may change. @returns the folder k8s/ of it */
export async function copyManifests(): Promise<string> {
  const folder = await makeTempFolder();
  await cp(DASHBOARDS_DIR, join(folder, 'dashboards'), { recursive: true });
  await cp(MANIFESTS_DIR, join(folder, 'k8s'), { recursive: true });
  return join(folder, 'k8s');
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
