import { describe, expect, it } from 'vitest';
import { findMissing, parseWish, replaceRegistry } from '../../../src/steps/npm/project.ts';

describe('a package of npm', () => {
  it('has a name unless it is an address or a path', () => {
    expect(
      ['typescript', '@scope/x@^1', 'a@1.2.3', 'a@latest', './x', 'x-1.0.0.tgz', 'git+ssh://h/x', 'user/repo'].map(
        parseWish,
      ),
    ).toEqual([
      { name: 'typescript' },
      { name: '@scope/x' },
      { name: 'a', version: '1.2.3' },
      { name: 'a' },
      {},
      {},
      {},
      {},
    ]);
  });

  it('is missing when npm does not list it, or another version', () => {
    const listed = JSON.stringify({ dependencies: { a: { version: '1.2.3' }, gone: { missing: true } } });
    expect(findMissing(listed, ['a', 'a@1.2.3'].map(parseWish))).toEqual([]);
    expect(findMissing(listed, ['a@1.2.4', 'gone', 'b'].map(parseWish))).toEqual([
      'a is 1.2.3, not 1.2.4',
      'gone is not installed',
      'b is not installed',
    ]);
    expect(findMissing('no json', [parseWish('a')])).toEqual(['a is not installed']);
  });
});

describe('a lock file', () => {
  it('keeps the address of its registry when another has stepped in', () => {
    const text =
      '{ "resolved": "http://mirror:80/npm/a/-/a-1.tgz" } "http://mirror:80/npm/" "resolved": "http://other/b"';
    expect(replaceRegistry(text, 'http://mirror:80/npm', 'https://registry.npmjs.org/')).toBe(
      '{ "resolved": "https://registry.npmjs.org/a/-/a-1.tgz" } "http://mirror:80/npm/" "resolved": "http://other/b"',
    );
  });
});
