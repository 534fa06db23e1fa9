import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { InstallerError } from '../../../errors/installer-error.ts';
import type { Component } from '../../provider.ts';
import { type Addition, type SelectedFolders, selectFolders } from './select-folders.ts';

export interface ManifestFile {
  /** Relative to the manifest folder, with "/"; `../dashboards/…` is the folder beside it. */
  path: string;
  text: string;
}

/** Grafana's own kustomization asks for it there. */
const DASHBOARDS = '../dashboards';

/**
 * Every file that a choice of components is made of, sorted by path; hidden files are no manifests.
 *
 * @throws InstallerError `config`: a component without manifests, or Grafana without dashboards beside them
 */
export async function readManifestFiles(
  manifestsDir: string,
  components: readonly Component[],
  additions: readonly Addition[] = [],
): Promise<{ folders: SelectedFolders; files: readonly ManifestFile[] }> {
  const folders = await selectFolders(manifestsDir, components, additions);
  const paths: string[] = [];
  for (const folder of folders.resources) paths.push(...(await filesBelow(manifestsDir, folder, ['with'])));
  for (const folder of folders.joins) paths.push(...(await filesBelow(manifestsDir, folder)));
  if (components.includes('grafana')) paths.push(...(await dashboardFiles(manifestsDir)));
  const files = await Promise.all(
    paths.sort().map(async (path) => ({ path, text: await readFile(join(manifestsDir, path), 'utf8') })),
  );
  return { folders, files };
}

/** Only what the ConfigMap is made of: alert rules and examples lie in the same folder. */
async function dashboardFiles(manifestsDir: string): Promise<string[]> {
  const folder = join(manifestsDir, DASHBOARDS);
  const names = await readdir(folder).catch((cause: unknown) => {
    throw new InstallerError('config', `no dashboards in ${folder}`, { cause });
  });
  const used = names.filter((name) => name.endsWith('.json') || name === 'kustomization.yaml');
  return used.map((name) => `${DASHBOARDS}/${name}`);
}

async function filesBelow(root: string, folder: string, except: readonly string[] = []): Promise<string[]> {
  const found: string[] = [];
  for (const entry of await readdir(join(root, folder), { withFileTypes: true })) {
    if (entry.name.startsWith('.') || except.includes(entry.name)) continue;
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) found.push(...(await filesBelow(root, path)));
    else if (entry.isFile()) found.push(path);
  }
  return found;
}

/** Whether a file is YAML, by its name. */
export function isYaml(file: ManifestFile): boolean {
  return /\.ya?ml$/.test(file.path);
}
