/** One measured target, as `scripts/bench --json` prints it. */
export interface Row {
  id: string;
  title: string;
  /** The measured ratio or count; null when it could not be measured here. */
  value: number | null;
  /** The bound, in words: "<= 1.3x". */
  target: string;
  /** Null when it could not be measured here. */
  pass: boolean | null;
  /** The same measure of others in the same run, by name, in the same unit; ratios are to the same floor unless the name says else. */
  peers: Readonly<Record<string, number>>;
  /** Why there is no value, or what was counted. */
  note?: string;
}

export interface Bound {
  at: 'most' | 'least';
  value: number;
  /** "x" for ratios. */
  unit?: string;
}

export interface Measured {
  id: string;
  title: string;
  value: number;
  bound: Bound;
  peers?: Readonly<Record<string, number>>;
  note?: string;
}

export function makeRow({ id, title, value, bound, peers = {}, note }: Measured): Row {
  const pass = bound.at === 'most' ? value <= bound.value : value >= bound.value;
  const target = describeBound(bound);
  return {
    id,
    title,
    value: round(value),
    target,
    pass,
    peers: roundAll(peers),
    ...(note === undefined ? {} : { note }),
  };
}

/** A target that cannot be measured here: a program is missing. */
export function missingRow(id: string, title: string, bound: Bound, note: string): Row {
  return { id, title, value: null, target: describeBound(bound), pass: null, peers: {}, note };
}

function describeBound({ at, value, unit = 'x' }: Bound): string {
  return `${at === 'most' ? '<=' : '>='} ${value}${unit}`;
}

function roundAll(values: Readonly<Record<string, number>>): Record<string, number> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [name, round(value)]));
}

/** Three significant digits: more would be noise. */
function round(value: number): number {
  return Number(value.toPrecision(3));
}
