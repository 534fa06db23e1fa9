import { basename } from 'node:path';
import { stringify } from 'yaml';
import type { Source } from '../find/read-sources.ts';
import { readMirror } from '../mirrored-name.ts';
import { type Mirrored, pinnedReference } from './mirror-images.ts';

/**
 * Files that make others use the mirror: for `create-cluster --config`, an override for each compose file, and a list.
 *
 * @param sources the files whose images were mirrored
 * @returns texts by file name
 */
export function mirrorConfig(
  prefix: string,
  sources: readonly Source[],
  images: readonly Mirrored[],
): Readonly<Record<string, string>> {
  const pinned = new Map<string, string>();
  for (const image of images) {
    if (!('copied' in image)) continue;
    for (const { text } of image.image.places) pinned.set(text, pinnedReference(image, image.copied));
  }
  const mirror = readMirror(prefix, '--to');
  const files: Record<string, string> = {
    'create-cluster.yaml': `# create-cluster --config create-cluster.yaml\n${stringify({ 'image-mirror': mirror })}`,
    'images.txt': `# in the mirror, by digest\n${[...new Set(pinned.values())].map((one) => `${one}\n`).join('')}`,
  };
  for (const { file, kind, images: found } of sources) {
    if (kind !== 'compose') continue;
    const services = found.flatMap(({ service, text }) => {
      const image = pinned.get(text);
      return service === undefined || image === undefined ? [] : [[service, { image }] as const];
    });
    const name = freeName(files, `${basename(file).replace(/\.[^.]*$/, '')}.mirror`);
    const use = `# docker compose -f ${file} -f ${name} up\n`;
    files[name] = `${use}${stringify({ services: Object.fromEntries(services) })}`;
  }
  return files;
}

/** Two files may have one name in different folders. */
function freeName(files: Readonly<Record<string, string>>, name: string): string {
  for (let number = 1; ; number += 1) {
    const free = `${name}${number === 1 ? '' : `-${number}`}.yaml`;
    if (!(free in files)) return free;
  }
}
