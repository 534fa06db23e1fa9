import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Component } from '../../provider.ts';
import { type SelectedFolders, selectFolders } from './select-folders.ts';

export interface ManifestFile {
  /** Relative to the manifest folder, with "/". */
  path: string;
  text: string;
}

/** Every file that a choice of components is made of, sorted by path; hidden files are no manifests. */
export async function readManifestFiles(
  manifestsDir: string,
  components: readonly Component[],
): Promise<{ folders: SelectedFolders; files: readonly ManifestFile[] }> {
  const folders = await selectFolders(manifestsDir, components);
  const paths: string[] = [];
  for (const folder of folders.resources) paths.push(...(await filesBelow(manifestsDir, folder, ['with'])));
  for (const folder of folders.joins) paths.push(...(await filesBelow(manifestsDir, folder)));
  const files = await Promise.all(
    paths.sort().map(async (path) => ({ path, text: await readFile(join(manifestsDir, path), 'utf8') })),
  );
  return { folders, files };
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
