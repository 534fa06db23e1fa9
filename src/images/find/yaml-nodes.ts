import { type Document, isAlias, isMap, isScalar, isSeq, type Scalar, type YAMLMap } from 'yaml';

/** A node, aliases followed; undefined for nothing and for an alias without its anchor. */
export function resolve(node: unknown, document: Document): unknown {
  return isAlias(node) ? node.resolve(document) : (node ?? undefined);
}

/** The value of a key, through merges (`<<`) where the map itself has none. */
export function lookUp(map: YAMLMap, key: string, document: Document, depth = 0): unknown {
  const own = resolve(map.get(key, true), document);
  if (own !== undefined || depth > 20) return own;
  const merged = resolve(map.get('<<', true), document);
  for (const source of isSeq(merged) ? merged.items : [merged]) {
    const other = resolve(source, document);
    const value = isMap(other) ? lookUp(other, key, document, depth + 1) : undefined;
    if (value !== undefined) return value;
  }
  return undefined;
}

/** The scalar of a key, when it is a text. */
export function textOf(map: YAMLMap, key: string, document: Document): Scalar<string> | undefined {
  const value = lookUp(map, key, document);
  return isText(value) ? value : undefined;
}

export function isText(node: unknown): node is Scalar<string> {
  return isScalar(node) && typeof node.value === 'string';
}

/** Where a text can be replaced in its source: not in a block (`|`, `>`), whose lines have a shape of their own. */
export function rangeOf(node: Scalar): readonly [number, number] | undefined {
  const { range, type } = node;
  if (!range || type === 'BLOCK_FOLDED' || type === 'BLOCK_LITERAL') return undefined;
  return [range[0], range[1]];
}
