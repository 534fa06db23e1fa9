import { type Document, isMap, type Scalar } from 'yaml';
import { isText, lookUp, resolve, textOf } from './yaml-nodes.ts';

export interface ComposeImage {
  node: Scalar<string>;
  service: string;
  platform?: string;
}

/** Whether a document is a compose file (https://github.com/compose-spec/compose-spec). */
export function isCompose(document: Document): boolean {
  const { contents } = document;
  return isMap(contents) && isMap(resolve(contents.get('services', true), document));
}

/** The images of the services; one that is built here is asked for nowhere. */
export function* imagesOfServices(document: Document): Generator<ComposeImage> {
  const services = isMap(document.contents) ? lookUp(document.contents, 'services', document) : undefined;
  if (!isMap(services)) return;
  for (const { key, value } of services.items) {
    const service = resolve(value, document);
    if (!isMap(service) || lookUp(service, 'build', document) !== undefined) continue;
    const node = textOf(service, 'image', document);
    const platform = textOf(service, 'platform', document)?.value;
    if (node === undefined) continue;
    yield { node, service: String(isText(key) ? key.value : key), ...(platform === undefined ? {} : { platform }) };
  }
}
