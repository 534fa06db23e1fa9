/** First version in the output of a program, as `1.2.3` or `1.2`; undefined when there is none. */
export function parseVersion(output: string): string | undefined {
  return /(?<![\d.])v?(\d+\.\d+(?:\.\d+)?)/.exec(output)?.[1];
}

/** Tells whether `version` is at least `minimum`; missing parts count as 0. */
export function isAtLeast(version: string, minimum: string): boolean {
  const [have, need] = [partsOf(version), partsOf(minimum)];
  for (const index of [0, 1, 2]) {
    const difference = (have[index] ?? 0) - (need[index] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return true;
}

function partsOf(version: string): number[] {
  return version.split('.').map(Number);
}
