export interface Candidate {
  name: string;
  /** Runs once and gives what is measured, usually milliseconds. */
  run(): Promise<number>;
}

/**
 * Runs all candidates in turn, round after round, so that a machine that slows down meanwhile slows all of them down.
 *
 * @returns for each candidate its samples, one a round
 */
export async function interleave(candidates: readonly Candidate[], rounds: number): Promise<Map<string, number[]>> {
  const samples = new Map(candidates.map(({ name }): [string, number[]] => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    // Every other round backwards: nobody always comes after the same neighbour.
    const order = round % 2 === 0 ? candidates : candidates.toReversed();
    for (const candidate of order) samples.get(candidate.name)?.push(await candidate.run());
  }
  return samples;
}

/** Median over the rounds of each candidate's ratio to the floor of the same round. */
export function ratiosTo(floor: string, samples: ReadonlyMap<string, readonly number[]>): Record<string, number> {
  const base = samples.get(floor) ?? [];
  const ratios: Record<string, number> = {};
  for (const [name, values] of samples) {
    ratios[name] = median(values.map((value, round) => value / (base[round] ?? Number.NaN)));
  }
  return ratios;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
}

/** A record without one of its keys. */
export function without(values: Readonly<Record<string, number>>, ...names: readonly string[]): Record<string, number> {
  return Object.fromEntries(Object.entries(values).filter(([name]) => !names.includes(name)));
}
