import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { dataSourceUids, pruneLinks } from '../../../../src/providers/kind/manifests/prune-links.ts';

const TEXT = `# kept
datasources:
  - uid: a
    jsonData:
      list: # from
        - name: one
          datasourceUid: b
        - name: two
          datasourceUid: c
      section:
        datasourceUid: b
        tags: [x]
      plain: 1
`;

describe('links between data sources', () => {
  it('stay byte for byte when their targets are there', () => {
    expect(pruneLinks(TEXT, ['b', 'c'])).toBe(TEXT);
  });

  it('go with their item or section when the target is not there', () => {
    const [source] = parse(pruneLinks(TEXT, ['c'])).datasources;
    expect(source).toEqual({ uid: 'a', jsonData: { list: [{ name: 'two', datasourceUid: 'c' }], plain: 1 } });
  });

  it('leave the comments of what stays', () => {
    expect(pruneLinks(TEXT, ['c'])).toMatch(/^# kept\n/);
  });

  it('are told from data sources, which other files do not define', () => {
    expect(dataSourceUids(TEXT)).toEqual(['a']);
    expect(dataSourceUids('kind: Component')).toEqual([]);
    expect(dataSourceUids('')).toEqual([]);
  });
});
