import { type Document, isMap, isPair, parseDocument, visit, type YAMLMap } from 'yaml';

/** The uids of the data sources that a Grafana provisioning file defines; none for any other file. */
export function dataSourceUids(text: string): readonly string[] {
  const { datasources } = (parseDocument(text).toJS() ?? {}) as { datasources?: unknown };
  if (!Array.isArray(datasources)) return [];
  return datasources.map((source) => source?.uid).filter((uid) => typeof uid === 'string');
}

/**
 * Takes the links to data sources that are not installed out of a Grafana provisioning file: a list item or a section
 * that names such a `datasourceUid` goes as a whole. A file without such a link comes back byte for byte.
 *
 * @param uids the data sources that there will be
 */
export function pruneLinks(text: string, uids: readonly string[]): string {
  const document: Document = parseDocument(text);
  let pruned = false;
  const remove = () => {
    pruned = true;
    return visit.REMOVE;
  };
  visit(document, {
    Pair: (_key, pair) => (isMap(pair.value) && dangles(pair.value, uids) ? remove() : undefined),
    Map: (_key, map, path) => (!isPair(path.at(-1)) && dangles(map, uids) ? remove() : undefined),
  });
  return pruned ? document.toString({ lineWidth: 0 }) : text;
}

function dangles(map: YAMLMap, uids: readonly string[]): boolean {
  const uid = map.get('datasourceUid');
  return typeof uid === 'string' && !uids.includes(uid);
}
