import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { breakAt, cleanLine, padTo, truncate, widthOf, wrapWords } from '../../src/ui/text.ts';

describe('the width of a text', () => {
  test.each([
    ['plain', 5],
    ['ärger', 5],
    ['e\u0301te\u0301', 3],
    ['可観測性', 8],
    ['한국어', 6],
    ['ｆｕｌｌ', 8],
    ['👩‍👩‍👧', 2],
    ['🇩🇪', 2],
    ['✅ ok', 5],
    ['✓✗·…⠋', 5],
    ['a\u200bb', 2],
  ])('%s takes %i columns', (text, columns) => {
    expect(widthOf(text)).toBe(columns);
  });
});

const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  fc.string({ unit: 'grapheme-ascii' }),
);

describe('any text', () => {
  test('is cut to its columns, and not at all when it fits', () => {
    fc.assert(
      fc.property(anyText, fc.nat(60), (raw, columns) => {
        const text = cleanLine(raw);
        expect(widthOf(truncate(text, columns))).toBeLessThanOrEqual(columns);
        expect(truncate(text, widthOf(text))).toBe(text);
        expect(widthOf(padTo(truncate(text, columns), columns))).toBe(columns);
      }),
    );
  });

  test('loses nothing when it is broken into pieces', () => {
    fc.assert(
      fc.property(anyText, fc.integer({ min: 2, max: 40 }), (raw, columns) => {
        const text = cleanLine(raw);
        expect(breakAt(text, columns).join('')).toBe(text);
        for (const piece of breakAt(text, columns)) expect(widthOf(piece)).toBeLessThanOrEqual(columns);
        expect(wrapWords(text, columns).join(' ')).toBe(text);
      }),
    );
  });

  test('holds no control characters once it is clean', () => {
    fc.assert(
      fc.property(anyText, (raw) => {
        expect(cleanLine(raw)).not.toMatch(/\p{Cc}/u);
      }),
    );
  });
});

test('escape sequences are dropped whole', () => {
  expect(
    cleanLine('\u001b[1;31mred\u001b[0m \u001b]8;;http://x\u0007link\u001b]8;;\u001b\\ \u001b[2K\u001b[?25lend'),
  ).toBe('red link end');
});

test('words longer than a line stay whole, so that they can be copied', () => {
  expect(wrapWords('see /a/very/long/path/of/a/log for more', 12)).toEqual([
    'see',
    '/a/very/long/path/of/a/log',
    'for more',
  ]);
});
