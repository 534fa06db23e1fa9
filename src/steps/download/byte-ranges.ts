/** Parts of a file: in order, apart from each other; `to` is the first byte behind. */
export type ByteRanges = readonly (readonly [from: number, to: number])[];

/** With one more part, which may touch or overlap others. */
export function addRange(ranges: ByteRanges, from: number, to: number): ByteRanges {
  if (to <= from) return ranges;
  const before = ranges.filter(([, end]) => end < from);
  const after = ranges.filter(([start]) => start > to);
  const touched = ranges.slice(before.length, ranges.length - after.length);
  const start = Math.min(from, touched[0]?.[0] ?? from);
  const end = Math.max(to, touched.at(-1)?.[1] ?? to);
  return [...before, [start, end], ...after];
}

/** What lies between them, up to `size`; Infinity when the size is not known. */
export function gapsIn(ranges: ByteRanges, size: number): ByteRanges {
  const gaps: [number, number][] = [];
  let at = 0;
  for (const [from, to] of ranges) {
    if (from > at) gaps.push([at, from]);
    at = Math.max(at, to);
  }
  if (at < size) gaps.push([at, size]);
  return gaps;
}

export function countBytes(ranges: ByteRanges): number {
  return ranges.reduce((all, [from, to]) => all + to - from, 0);
}
