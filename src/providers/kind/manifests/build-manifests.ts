import type { StepContext } from '../../../engine/step.ts';
import { InstallerError } from '../../../errors/installer-error.ts';

/**
 * Renders a kustomization with the kustomize that is built into kubectl; needs no cluster.
 *
 * @param folder as {@link renderKustomization} returned it
 * @param kubectl the program, by name or path
 * @returns YAML documents, always in the same order
 * @throws InstallerError `config`: kustomize refused it; its words are in the tail
 */
export async function buildManifests(folder: string, kubectl: string, query: StepContext['query']): Promise<string> {
  const { exitCode, stdout, stderr } = await query({ file: kubectl, args: ['kustomize', folder] });
  if (exitCode === 0) return stdout;
  throw new InstallerError('config', 'the manifests cannot be rendered', {
    command: `kubectl kustomize ${folder}`,
    ...(exitCode === null ? {} : { childExit: exitCode }),
    tail: stderr.trim().split('\n').slice(-10),
  });
}
