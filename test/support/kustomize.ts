import { execFile, execFileSync, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';
import { buildManifests } from '../../src/providers/kind/manifests/build-manifests.ts';
import { renderKustomization } from '../../src/providers/kind/manifests/render-kustomization.ts';
import type { Component } from '../../src/providers/provider.ts';
import { KIND_COMPONENTS, MANIFESTS_DIR } from './manifests.ts';
import { makeTempFolder } from './temp-folder.ts';

const execute = promisify(execFile);

/** Whether all of these programs are on the PATH. */
export function hasPrograms(...names: readonly string[]): boolean {
  return names.every((name) => spawnSync('which', [name]).status === 0);
}

/** Whether Docker runs and has all of these images. */
export function hasImages(...references: readonly string[]): boolean {
  return spawnSync('docker', ['image', 'inspect', ...references]).status === 0;
}

/** Runs a program for its exit code and its output. */
export async function runProgram(file: string, args: readonly string[] = [], env = process.env) {
  try {
    const { stdout, stderr } = await execute(file, [...args], { env, maxBuffer: 2 ** 26 });
    return { exitCode: 0, stdout, stderr };
  } catch (error) {
    const { code, stdout = '', stderr = '' } = error as { code?: number; stdout?: string; stderr?: string };
    return { exitCode: typeof code === 'number' ? code : null, stdout, stderr };
  }
}

/** The manifests of a choice, rendered by the real kustomize. */
export async function renderManifests(
  components: readonly Component[] = KIND_COMPONENTS,
  options: Partial<Parameters<typeof renderKustomization>[0]> = {},
): Promise<string> {
  const outDir = await makeTempFolder();
  const folder = await renderKustomization({ manifestsDir: MANIFESTS_DIR, components, outDir, ...options });
  return buildManifests(folder, 'kubectl', ({ file, args }) => runProgram(file, args));
}

/** The newest node image that Docker has, for a cluster that needs no registry. */
export function findNodeImage(): string | undefined {
  try {
    return execFileSync('docker', ['image', 'ls', '--format', '{{.Repository}}:{{.Tag}}', 'kindest/node'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
      .split('\n')
      .find((line) => line !== '');
  } catch {
    return undefined;
  }
}
