import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { InstallerError } from '../../../errors/installer-error.ts';
import type { Component } from '../../provider.ts';

/** Folders of the manifests that belong to a choice of components, relative to the manifest folder, with "/". */
export interface SelectedFolders {
  /** Kustomizations: base, and one for each component. */
  resources: readonly string[];
  /** Kustomize components: A/with/B joins A to B, and belongs to the choice when both do. */
  joins: readonly string[];
}

/** What may be chosen besides components, each by a folder A/with/NAME. */
export type Addition = 'notifications';

/**
 * Finds what a choice of components consists of. The order is that of `components`, so the result is the same each time.
 *
 * @throws InstallerError `config`: a component without manifests, or a manifest folder that cannot be read
 */
export async function selectFolders(
  manifestsDir: string,
  components: readonly Component[],
  additions: readonly Addition[] = [],
): Promise<SelectedFolders> {
  const present = await folderNames(manifestsDir);
  if (present === undefined || !present.has('base')) {
    throw new InstallerError('config', `no manifests in ${manifestsDir}: it holds no folder "base"`);
  }
  const joins: string[] = [];
  for (const component of components) {
    if (!present.has(component)) {
      throw new InstallerError('config', `component "${component}" has no manifests in ${manifestsDir}`, {
        hint: `Choose from: ${[...present].filter((name) => name !== 'base').join(', ')}`,
      });
    }
    const others = await folderNames(join(manifestsDir, component, 'with'));
    const joined = [...components, ...additions].filter((other) => others?.has(other));
    joins.push(...joined.map((other) => `${component}/with/${other}`));
  }
  return { resources: ['base', ...components], joins };
}

async function folderNames(folder: string): Promise<Set<string> | undefined> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
    return new Set(names.sort());
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}
