import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeDurably } from '../../system/durable-file.ts';
import { METRICS, type Metric } from '../names.ts';
import type { Place, Spool } from '../spool/spool.ts';
import { decodeSamples, type OwnLabels, type Sample } from './sample.ts';
import type { Draft } from './status-samples.ts';

/** The latest sample of each series of a lane, across processes: times never go back, counters never fall. */
export interface Ledger {
  /**
   * The sample for a draft, later than any before it in its series; undefined when it would only repeat the latest at
   * its very time. A counter is first told as 0, a millisecond before.
   */
  enter(draft: Draft): readonly Sample[];
  /** Samples that say the latest value of series of this process once more. */
  repeat(wanted: readonly Metric[], at: number): readonly Sample[];
  /** Counters of all processes, unchanged. */
  repeatCounters(wanted: readonly Metric[], at: number): readonly Sample[];
  /** The latest sample of every series, whichever process told it. */
  latest(): readonly Sample[];
  /** Series whose latest sample lies behind a time, as after a clock that was ahead, go on from there. */
  rewind(at: number): void;
  /** Durable when it resolves. */
  save(): Promise<void>;
}

interface Entry {
  labels: OwnLabels;
  at: number;
  value: number;
  /** Told by this process. */
  own: boolean;
}

interface LedgerFile {
  /** Samples of the spool up to here are in it. */
  place: Place;
  /** By metric and values of its own labels: time and value of the latest sample. */
  series: Record<string, Record<string, readonly [number, number]>>;
}

/** Series of a metric by the values of their labels: plans of thousands of steps have tens of thousands of series. */
type SeriesOf = Map<string, Entry>;

const START: Place = { segment: 0, bytes: 0 };
const BETWEEN = '\n';

/**
 * What was saved, and what was spooled since: a process that was killed has not saved its own.
 *
 * @param folder of the spool
 */
export function openLedger(folder: string, spool: Spool): Ledger {
  const path = join(folder, 'ledger.json');
  const file = readLedger(path);
  let { place } = file;
  const metrics = new Map<string, SeriesOf>();
  for (const metric of Object.values<Metric>(METRICS)) {
    for (const [key, [at, value]] of Object.entries(file.series[metric.name] ?? {})) {
      put(metric, labelsIn(key, metric), { at, value, own: false });
    }
  }
  for (const record of spool.behind('samples', place)) {
    for (const { metric, labels, timestamp, value } of decodeSamples(record).samples) {
      put(metric, labels, { at: timestamp, value, own: false });
    }
  }

  function seriesOf({ name }: Metric): SeriesOf {
    const known = metrics.get(name) ?? new Map<string, Entry>();
    metrics.set(name, known);
    return known;
  }

  function put(metric: Metric, labels: OwnLabels, entry: Omit<Entry, 'labels'>): Sample {
    seriesOf(metric).set(keyOf(metric, labels), { labels, ...entry });
    return { metric, labels, value: entry.value, timestamp: entry.at };
  }

  function enter(draft: Draft): readonly Sample[] {
    const { metric, labels, at } = draft;
    const before = seriesOf(metric).get(keyOf(metric, labels));
    const isFirst = before === undefined && 'add' in draft && draft.add > 0;
    const first = isFirst ? [put(metric, labels, { at, value: 0, own: true })] : [];
    const latest = isFirst ? { at, value: 0 } : before;
    const value = 'add' in draft ? (latest?.value ?? 0) + draft.add : draft.value;
    if (latest !== undefined && latest.at === at && latest.value === value) {
      // Known again to this process, so that it is repeated.
      put(metric, labels, { at, value, own: true });
      return first;
    }
    return [...first, put(metric, labels, { at: Math.max(at, (latest?.at ?? 0) + 1), value, own: true })];
  }

  return {
    enter,
    repeat(wanted, at) {
      return wanted.flatMap((metric) =>
        [...seriesOf(metric).values()]
          .filter(({ own, at: before }) => own && before < at)
          .map(({ labels, value }) => put(metric, labels, { at, value, own: true })),
      );
    },
    repeatCounters(wanted, at) {
      return wanted.flatMap((metric) =>
        [...seriesOf(metric).values()].flatMap(({ labels }) => enter({ metric, labels, at, add: 0 })),
      );
    },
    latest() {
      return Object.values<Metric>(METRICS).flatMap((metric) =>
        [...(metrics.get(metric.name)?.values() ?? [])].map(({ labels, at, value }) => ({
          metric,
          labels,
          value,
          timestamp: at,
        })),
      );
    },
    rewind(at) {
      for (const series of metrics.values()) {
        for (const entry of series.values()) entry.at = Math.min(entry.at, at);
      }
    },
    async save() {
      // Kept when the spool is closed before it is saved for the last time.
      place = spool.place('samples') ?? place;
      const series: LedgerFile['series'] = {};
      for (const [name, entries] of metrics) {
        series[name] = Object.fromEntries([...entries].map(([key, { at, value }]) => [key, [at, value] as const]));
      }
      await writeDurably(path, JSON.stringify({ place, series } satisfies LedgerFile));
    },
  };
}

/** Values of the own labels, in the order of the metric's definition. */
function keyOf(metric: Metric, labels: OwnLabels): string {
  const own = ownLabelsOf(metric);
  const [only = ''] = own;
  return own.length === 1 ? (labels[only] ?? '') : own.map((label) => labels[label] ?? '').join(BETWEEN);
}

function labelsIn(key: string, metric: Metric): OwnLabels {
  const values = key.split(BETWEEN);
  return Object.fromEntries(ownLabelsOf(metric).map((label, index) => [label, values[index] ?? '']));
}

const OWN_LABELS: ReadonlyMap<string, readonly string[]> = new Map(
  Object.values<Metric>(METRICS).map(({ name, labels }) => [
    name,
    labels.filter((label) => label !== 'cluster' && label !== 'plan'),
  ]),
);

function ownLabelsOf({ name }: Metric): readonly string[] {
  return OWN_LABELS.get(name) ?? [];
}

function readLedger(path: string): LedgerFile {
  try {
    const { place, series } = JSON.parse(readFileSync(path, 'utf8')) as Partial<LedgerFile>;
    return { place: place ?? START, series: series ?? {} };
  } catch {
    // Written as a whole or not at all: this is the first process.
    return { place: START, series: {} };
  }
}
