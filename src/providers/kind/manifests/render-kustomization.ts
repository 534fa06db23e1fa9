import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { stringify } from 'yaml';
import type { Notifications } from '../../../dashboards/alerts/notifications.ts';
import type { Component } from '../../provider.ts';
import { ALERTING_FOLDER, alertingFiles } from './alerting-files.ts';
import { nameOf, parseImage } from './image-reference.ts';
import { type ImageDigests, readImagesLock } from './images-lock.ts';
import { appliedReference, imagesOfFiles } from './list-images.ts';
import { isYaml, type ManifestFile, readManifestFiles } from './manifest-files.ts';
import { dataSourceUids, pruneLinks } from './prune-links.ts';

export interface RenderOptions {
  /** The folder k8s/. */
  manifestsDir: string;
  components: readonly Component[];
  /** Prefix of `--image-mirror`, in place of every registry. */
  imageMirror?: string | undefined;
  /** References that are loaded into the cluster instead of pulled: their digests are not applied. */
  localImages?: readonly string[] | undefined;
  /** Who is told by Grafana. */
  notifications?: Notifications | undefined;
  /** Put on every object, not on pods and selectors: a new label restarts nothing. */
  labels?: Readonly<Record<string, string>>;
  /** Where to write; what an earlier call wrote there is replaced, anything else in it is kept. */
  outDir: string;
}

/**
 * Writes a kustomization of the chosen components, to be given to `kubectl kustomize` or `kubectl apply -k`. The
 * manifests are copied beside it, because kustomize reads nothing outside its own folder.
 *
 * @returns the folder of the kustomization
 * @throws InstallerError `config` or `usage`: a component without manifests, a bad images.lock, a bad mirror
 */
export async function renderKustomization(options: RenderOptions): Promise<string> {
  const { manifestsDir, components, outDir, notifications, labels = {} } = options;
  const additions = notifications === undefined ? [] : (['notifications'] as const);
  const { folders, files } = await readManifestFiles(manifestsDir, components, additions);
  const digests = await readImagesLock(manifestsDir);
  const images = imageChanges(imagesOfFiles(files), digests, options);
  for (const folder of ['k8s', 'dashboards']) await rm(join(outDir, folder), { recursive: true, force: true });
  for (const { path, text } of withoutDanglingLinks(files)) {
    const target = join(outDir, 'k8s', path);
    await mkdir(dirname(target), { recursive: true });
    await writeFile(target, text);
  }
  for (const [name, text] of Object.entries(alertingFiles(notifications))) {
    await writeFile(join(outDir, 'k8s', ALERTING_FOLDER, name), text);
  }
  const kustomization = {
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    resources: folders.resources.map((folder) => `k8s/${folder}`),
    components: folders.joins.map((folder) => `k8s/${folder}`),
    ...(Object.keys(labels).length > 0 ? { labels: [{ pairs: labels }] } : {}),
    ...(images.length > 0 ? { images } : {}),
  };
  await writeFile(join(outDir, 'kustomization.yaml'), stringify(kustomization));
  return outDir;
}

/** The entries of kustomize's `images` for what is not used as the manifests name it. */
function imageChanges(images: readonly string[], digests: ImageDigests, options: RenderOptions) {
  return images.flatMap((image) => {
    const applied = appliedReference(image, digests, options);
    if (applied === image) return [];
    const { tag, digest } = parseImage(applied);
    return [
      {
        name: nameOf(image),
        newName: nameOf(applied),
        ...(tag === undefined ? {} : { newTag: tag }),
        ...(digest === undefined ? {} : { digest }),
      },
    ];
  });
}

function withoutDanglingLinks(files: readonly ManifestFile[]): readonly ManifestFile[] {
  const isProvisioning = (file: ManifestFile) => isYaml(file) && file.path.startsWith('grafana/with/');
  const uids = files.filter(isProvisioning).flatMap((file) => dataSourceUids(file.text));
  return files.map((file) => (isProvisioning(file) ? { ...file, text: pruneLinks(file.text, uids) } : file));
}
