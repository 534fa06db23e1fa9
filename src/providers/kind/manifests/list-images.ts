import { parseAllDocuments } from 'yaml';
import { InstallerError } from '../../../errors/installer-error.ts';
import { mirroredName } from '../../../images/mirrored-name.ts';
import type { Component } from '../../provider.ts';
import { parseImage } from './image-reference.ts';
import { type ImageDigests, readImagesLock } from './images-lock.ts';
import { isYaml, type ManifestFile, readManifestFiles } from './manifest-files.ts';

const CONTAINER_LISTS = ['containers', 'initContainers', 'ephemeralContainers'];

/**
 * The images that rendered manifests ask for: each once, sorted.
 *
 * @param rendered YAML documents, as `kubectl kustomize` prints them
 * @throws InstallerError `config`: not YAML
 */
export function listImages(rendered: string): readonly string[] {
  return sorted(imagesInText(rendered, 'the rendered manifests'));
}

/** The images as the manifest files name them, before a mirror or a digest is applied: each once, sorted. */
export function imagesOfFiles(files: readonly ManifestFile[]): readonly string[] {
  return sorted(files.filter(isYaml).flatMap(({ path, text }) => imagesInText(text, path)));
}

/**
 * The images that the rendered manifests of a choice will ask for, without rendering them: for preflight, and to load
 * images while a cluster starts.
 *
 * @param choice `imageMirror`: the prefix of `--image-mirror`; `localImages`: references that are loaded into the
 *   cluster instead of pulled, see {@link appliedReference}
 */
export async function imageRefs(
  manifestsDir: string,
  components: readonly Component[],
  choice: { imageMirror?: string | undefined; localImages?: readonly string[] | undefined } = {},
): Promise<readonly string[]> {
  const { files } = await readManifestFiles(manifestsDir, components);
  const digests = await readImagesLock(manifestsDir);
  return sorted(imagesOfFiles(files).map((image) => appliedReference(image, digests, choice)));
}

/**
 * The reference that takes the place of a manifest's own. An image that is loaded into the cluster gets no digest: what
 * `docker load` and `kind load` bring has a digest of its own, and a reference by the registry's would be pulled.
 */
export function appliedReference(
  image: string,
  digests: ImageDigests,
  choice: { imageMirror?: string | undefined; localImages?: readonly string[] | undefined },
): string {
  const { tag } = parseImage(image);
  const named =
    choice.imageMirror === undefined
      ? image
      : `${mirroredName(image, choice.imageMirror)}${tag === undefined ? '' : `:${tag}`}`;
  const isLocal = choice.localImages?.some((local) => local === image || local === named) ?? false;
  const digest = isLocal ? undefined : digests.get(image);
  return digest === undefined ? named : `${named}@${digest}`;
}

function imagesInText(text: string, where: string): string[] {
  return parseAllDocuments(text).flatMap((document) => {
    const [error] = document.errors;
    if (error !== undefined) throw new InstallerError('config', `no valid YAML in ${where}: ${error.message}`);
    return [...imagesIn(document.toJS())];
  });
}

function* imagesIn(value: unknown): Generator<string> {
  if (typeof value !== 'object' || value === null) return;
  for (const [key, child] of Object.entries(value)) {
    if (CONTAINER_LISTS.includes(key) && Array.isArray(child)) {
      for (const container of child) if (typeof container?.image === 'string') yield container.image;
    } else {
      yield* imagesIn(child);
    }
  }
}

function sorted(images: readonly string[]): readonly string[] {
  return [...new Set(images)].sort();
}
