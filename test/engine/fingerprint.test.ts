import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { describeDifference, fingerprint } from '../../src/engine/fingerprint.ts';

const inputs = fc.dictionary(fc.string(), fc.string(), { noNullPrototype: true });

describe('fingerprints', () => {
  it('are the same on every machine, for ever', () => {
    // printf '[["a","1"],["b","2"]]' | sha256sum | cut -c -16. If it changes, every recorded installation is taken for changed.
    expect(fingerprint({ b: '2', a: '1' })).toBe('5f13efef7cdd95e7');
    expect(fingerprint({})).toBe('4f53cda18c2baa0c');
  });

  it('do not depend on the order of keys', () => {
    fc.assert(
      fc.property(inputs, (given) => {
        expect(fingerprint(Object.fromEntries(Object.entries(given).reverse()))).toBe(fingerprint(given));
        expect(fingerprint(given)).toMatch(/^[0-9a-f]{16}$/);
      }),
    );
  });

  it('differ when any key or value differs, and where one ends and the next begins', () => {
    expect(fingerprint({ a: 'b', c: 'd' })).not.toBe(fingerprint({ a: 'bc', '': 'd' }));
    expect(fingerprint({ a: 'x,b' })).not.toBe(fingerprint({ a: 'x', b: '' }));
    fc.assert(
      fc.property(inputs, inputs, (one, other) => {
        const same = describeDifference(one, other).length === 0;
        expect(fingerprint(one) === fingerprint(other)).toBe(same);
      }),
    );
  });

  it('describe a difference key by key, in order', () => {
    expect(describeDifference({ a: '1', c: '3', d: '4' }, { d: '5', b: '2', a: '1' })).toEqual([
      'b: (none) -> 2',
      'c: 3 -> (none)',
      'd: 4 -> 5',
    ]);
    expect(describeDifference({ a: '1' }, { a: '1' })).toEqual([]);
  });
});
