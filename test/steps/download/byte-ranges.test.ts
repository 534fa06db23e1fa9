import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addRange, type ByteRanges, countBytes, gapsIn } from '../../../src/steps/download/byte-ranges.ts';

describe('byte ranges', () => {
  it('hold exactly what was added, in order and apart, and their gaps are the rest', () => {
    const pair = fc.tuple(fc.nat(60), fc.nat(60));
    fc.assert(
      fc.property(fc.array(pair, { maxLength: 20 }), (pairs) => {
        const bytes = new Set<number>();
        let ranges: ByteRanges = [];
        for (const [from, to] of pairs) {
          ranges = addRange(ranges, from, to);
          for (let at = from; at < to; at += 1) bytes.add(at);
        }
        const flat = (some: ByteRanges) =>
          some.flatMap(([from, to]) => Array.from({ length: to - from }, (_, index) => from + index));
        expect(flat(ranges)).toEqual([...bytes].sort((a, b) => a - b));
        expect(countBytes(ranges)).toBe(bytes.size);
        for (const [index, [from]] of ranges.entries()) expect(from).toBeGreaterThan(ranges[index - 1]?.[1] ?? -1);
        expect([...flat(ranges), ...flat(gapsIn(ranges, 60))].sort((a, b) => a - b)).toEqual([...Array(60).keys()]);
      }),
    );
  });

  it('have an open gap at the end of a file whose size nobody knows', () => {
    expect(gapsIn([[0, 5]], Number.POSITIVE_INFINITY)).toEqual([[5, Number.POSITIVE_INFINITY]]);
  });
});
