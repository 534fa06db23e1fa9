import { type Document, isMap, isSeq, type Scalar, type YAMLMap } from 'yaml';
import { isText, lookUp, resolve, textOf } from './yaml-nodes.ts';

const CONTAINER_LISTS = ['containers', 'initContainers', 'ephemeralContainers'];

/** Whether a document is a Kubernetes object, or a list of them. */
export function isKubernetes(document: Document): boolean {
  const { contents } = document;
  return isMap(contents) && isText(contents.get('apiVersion', true)) && isText(contents.get('kind', true));
}

/**
 * The images of every pod and pod template in an object, whatever its kind: those of its containers, and those that are
 * mounted as volumes.
 */
export function* imagesOfObject(document: Document): Generator<{ node: Scalar<string>; by: string }> {
  const seen = new Set<unknown>();
  yield* below(document.contents, titleOf(document.contents, document));

  function* below(given: unknown, by: string): Generator<{ node: Scalar<string>; by: string }> {
    const node = resolve(given, document);
    if (seen.has(node)) return;
    seen.add(node);
    if (isSeq(node)) for (const item of node.items) yield* below(item, by);
    if (!isMap(node)) return;
    const title = titleOf(node, document) || by;
    for (const list of CONTAINER_LISTS) {
      for (const container of mapsIn(lookUp(node, list, document))) {
        const image = textOf(container, 'image', document);
        if (image !== undefined) yield { node: image, by: title };
      }
    }
    for (const volume of mapsIn(lookUp(node, 'volumes', document))) {
      const source = lookUp(volume, 'image', document);
      const image = isMap(source) ? textOf(source, 'reference', document) : undefined;
      if (image !== undefined) yield { node: image, by: title };
    }
    for (const { value } of node.items) yield* below(value, title);
  }

  function mapsIn(given: unknown): readonly YAMLMap[] {
    return isSeq(given) ? given.items.map((item) => resolve(item, document)).filter((item) => isMap(item)) : [];
  }
}

/** `Deployment mimir`; empty for what is no object. */
function titleOf(node: unknown, document: Document): string {
  if (!isMap(node)) return '';
  const kind = textOf(node, 'kind', document)?.value;
  const metadata = lookUp(node, 'metadata', document);
  const name = isMap(metadata) ? textOf(metadata, 'name', document)?.value : undefined;
  return kind === undefined ? '' : `${kind}${name === undefined ? '' : ` ${name}`}`;
}
