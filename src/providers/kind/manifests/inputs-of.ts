import { posix } from 'node:path';
import type { Notifications } from '../../../dashboards/alerts/notifications.ts';
import { digestOf } from '../../../engine/fingerprint.ts';
import type { Inputs } from '../../../engine/record.ts';
import type { Component } from '../../provider.ts';
import { alertingFiles } from './alerting-files.ts';
import { readImagesLock } from './images-lock.ts';
import { imagesOfFiles } from './list-images.ts';
import { readManifestFiles } from './manifest-files.ts';

/**
 * What the manifests of a choice of components are made of: for each file `k8s/PATH` (or `dashboards/NAME`) the first 16
 * hex digits of its SHA-256, and `image NAME:TAG` with the locked digest of each image that has one. A file of a component that was not
 * chosen is no input.
 */
export async function inputsOf(
  manifestsDir: string,
  components: readonly Component[],
  notifications?: Notifications,
): Promise<Inputs> {
  const additions = notifications === undefined ? [] : (['notifications'] as const);
  const { files } = await readManifestFiles(manifestsDir, components, additions);
  const digests = await readImagesLock(manifestsDir);
  const inputs: Inputs = {};
  for (const { path, text } of files) {
    inputs[posix.join('k8s', path)] = digestOf(text, 16);
  }
  for (const image of imagesOfFiles(files)) {
    const digest = digests.get(image);
    if (digest !== undefined) inputs[`image ${image}`] = digest;
  }
  for (const [name, text] of Object.entries(alertingFiles(notifications)))
    inputs[`alerting/${name}`] = digestOf(text, 16);
  return inputs;
}
