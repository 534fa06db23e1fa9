import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import type { StepContext } from '../../engine/step.ts';
import type { ClusterConfig } from '../provider.ts';
import type { KubeObject } from './kubectl.ts';
import { findLocalImages } from './load-images.ts';
import { buildManifests } from './manifests/build-manifests.ts';
import { imageRefs } from './manifests/list-images.ts';
import { renderKustomization } from './manifests/render-kustomization.ts';
import { INSTALL_ID_LABEL, programEnv } from './names.ts';

/** The manifests of an installation, as they are applied. */
export interface Stack {
  /** Image references by the manifest files, a mirror applied, no digests: what Docker may have already. Needs no program. */
  images(): Promise<readonly string[]>;
  /**
   * Every object, with the label of the installation, in the order in which they are to be applied.
   *
   * @param installId value of the label
   */
  render(ctx: Pick<StepContext, 'query'>, installId: string): Promise<readonly KubeObject[]>;
}

/** Rendered once per run: the files are read when they are needed first. */
export function createStack(config: ClusterConfig): Stack {
  const { manifestsDir, components, imageMirror, notifications } = config;
  let images: Promise<readonly string[]> | undefined;
  const rendered = new Map<string, Promise<readonly KubeObject[]>>();
  const stack: Stack = {
    images: () => {
      images ??= imageRefs(manifestsDir, components, { imageMirror }).then((refs) => refs.map(withoutDigest));
      return images;
    },
    render: (ctx, installId) => {
      const known = rendered.get(installId) ?? render(ctx, installId);
      rendered.set(installId, known);
      known.catch(() => rendered.delete(installId));
      return known;
    },
  };
  return stack;

  async function render(ctx: Pick<StepContext, 'query'>, installId: string): Promise<readonly KubeObject[]> {
    // Looking must leave no trace, so it is not written into the data folder.
    const outDir = await mkdtemp(join(tmpdir(), 'contextcore-manifests-'));
    try {
      const localImages = await listPinnedLocals(ctx);
      const labels = { [INSTALL_ID_LABEL]: installId };
      const choice = { manifestsDir, components, imageMirror, localImages, notifications };
      const folder = await renderKustomization({ ...choice, labels, outDir });
      const query: StepContext['query'] = (command) => ctx.query({ ...command, env: programEnv(config) });
      return parseObjects(await buildManifests(folder, 'kubectl', query));
    } finally {
      await rm(outDir, { recursive: true, force: true });
    }
  }

  /** Images that would be asked for by digest, although they are loaded from Docker, where they have another one. */
  async function listPinnedLocals(ctx: Pick<StepContext, 'query'>): Promise<readonly string[]> {
    const pinned = (await imageRefs(manifestsDir, components, { imageMirror })).filter((image) => image.includes('@'));
    return pinned.length === 0 ? [] : await findLocalImages(ctx, config, pinned.map(withoutDigest));
  }
}

/** The objects of a YAML stream; empty documents are skipped. */
function parseObjects(text: string): readonly KubeObject[] {
  return parseAllDocuments(text).flatMap((document) => {
    const object = document.toJS() as KubeObject | null;
    return object === null ? [] : [object];
  });
}

function withoutDigest(reference: string): string {
  return reference.split('@')[0] ?? reference;
}
