import { type Document, isSeq, LineCounter, parseAllDocuments, type Scalar } from 'yaml';
import { InstallerError } from '../../errors/installer-error.ts';
import { imagesOfServices, isCompose } from './compose.ts';
import type { FoundImage } from './found-image.ts';
import { imagesOfObject, isKubernetes } from './kubernetes.ts';
import type { SourceFile } from './read-sources.ts';
import { interpolate, type Variables, variablesFor } from './variables.ts';
import { isText, rangeOf } from './yaml-nodes.ts';

/** What a file is, by what is in it. */
export type SourceKind = 'compose' | 'kubernetes' | 'list';

export interface Found {
  kind: SourceKind;
  images: readonly FoundImage[];
}

/**
 * The images that a file asks for: a compose file, Kubernetes objects (any number of documents), or a list with one
 * reference a line, or a YAML list of references.
 *
 * @param env variables for compose files
 * @returns undefined: the file is none of these
 * @throws InstallerError `config` naming file and line: not YAML though it is called so
 */
export function findImages(source: SourceFile, env: Variables): Found | undefined {
  if (!source.isYaml) return { kind: 'list', images: listedImages(source) };
  const lines = new LineCounter();
  const documents = parseAllDocuments(source.text, { lineCounter: lines }) as Document[];
  for (const { errors } of documents) {
    const [error] = errors;
    if (error === undefined) continue;
    const where = `${source.file}:${lines.linePos(error.pos[0]).line}`;
    throw new InstallerError('config', `${where}: ${error.message.split('\n')[0]}`);
  }
  const filled = documents.filter((document) => document.contents !== null);
  const at = (node: Scalar<string>, by: string): FoundImage => {
    const range = rangeOf(node);
    const line = lines.linePos(node.range?.[0] ?? 0).line;
    return { text: node.value.trim(), file: source.file, line, by, ...(range === undefined ? {} : { range }) };
  };
  if (filled.some(isCompose)) {
    const variables = variablesFor(source.file, env);
    const images = filled.flatMap((document) =>
      [...imagesOfServices(document)].map(({ node, service, platform }) => ({
        ...withVariables(at(node, `service ${service}`), variables),
        service,
        ...(platform === undefined ? {} : { platform }),
      })),
    );
    return { kind: 'compose', images };
  }
  if (filled.some(isKubernetes)) {
    const images = filled.flatMap((document) => [...imagesOfObject(document)].map(({ node, by }) => at(node, by)));
    return { kind: 'kubernetes', images };
  }
  const items = filled.flatMap(({ contents }) => (isSeq(contents) ? contents.items : [undefined]));
  if (items.length === 0 || !items.every(isText)) return undefined;
  return { kind: 'list', images: items.map((node) => at(node, '')) };
}

/** A value made of variables is theirs to change, not ours. */
function withVariables({ range, ...found }: FoundImage, variables: Variables): FoundImage {
  if (!found.text.includes('$')) return { ...found, ...(range === undefined ? {} : { range }) };
  const filled = interpolate(found.text, variables);
  if ('text' in filled) return { ...found, text: filled.text };
  return { ...found, problem: `the variable ${filled.unset.join(', ')} is not set` };
}

/** Lines `REFERENCE` or `REFERENCE DIGEST`; from "#" on a line is a comment. */
function listedImages({ file, text }: SourceFile): readonly FoundImage[] {
  let offset = 0;
  return text.split('\n').flatMap((line, index): FoundImage[] => {
    const start = offset + line.search(/\S/);
    offset += line.length + 1;
    const [reference, digest] = line
      .replace(/(^|\s)#[\s\S]*$/, '')
      .trim()
      .split(/\s+/);
    if (!reference) return [];
    const found = { file, line: index + 1, by: '' };
    if (digest !== undefined) return [{ ...found, text: `${reference}@${digest}` }];
    return [{ ...found, text: reference, range: [start, start + reference.length] }];
  });
}
