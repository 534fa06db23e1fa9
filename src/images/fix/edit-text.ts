/** A value in a text that gets another. */
export interface Edit {
  /** Offsets of the value, quotes included. */
  range: readonly [start: number, end: number];
  /** What it becomes, without quotes. */
  to: string;
}

/** Replaces values where they stand, in the quotes that they have; everything else stays as it is, byte by byte. */
export function editText(text: string, edits: readonly Edit[]): string {
  let result = text;
  const done = new Set<number>();
  for (const { range, to } of edits.toSorted((one, other) => other.range[0] - one.range[0])) {
    const [start, end] = range;
    // Through an anchor two places may be one.
    if (done.has(start)) continue;
    done.add(start);
    const quote = /^["']/.exec(text.slice(start, end))?.[0] ?? '';
    result = `${result.slice(0, start)}${quote}${to}${quote}${result.slice(end)}`;
  }
  return result;
}

/** Lines of a difference: those that are gone with "-", those that came with "+", each block below its place. */
export function describeDifference(file: string, before: string, after: string): readonly string[] {
  const [old, fresh] = [before.split('\n'), after.split('\n')];
  const lines: string[] = [];
  if (old.length === fresh.length) {
    for (const [index, line] of old.entries()) {
      if (line === fresh[index]) continue;
      lines.push(`${file}:${index + 1}`, `-${line}`, `+${fresh[index]}`);
    }
    return lines;
  }
  let start = 0;
  while (start < Math.min(old.length, fresh.length) && old[start] === fresh[start]) start += 1;
  let end = 0;
  while (end < Math.min(old.length, fresh.length) - start && old.at(-1 - end) === fresh.at(-1 - end)) end += 1;
  const gone = old.slice(start, old.length - end).map((line) => `-${line}`);
  const came = fresh.slice(start, fresh.length - end).map((line) => `+${line}`);
  return [`${file}:${start + 1}`, ...gone, ...came];
}
