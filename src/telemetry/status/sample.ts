import { METRICS, type Metric } from '../names.ts';
import type { Series } from '../remote-write.ts';
import type { SpoolRecord } from '../spool/spool.ts';

/** Labels of a sample besides those that all samples of a lane have. */
export type OwnLabels = Readonly<Record<string, string>>;

/** A value of one series at a time. */
export interface Sample {
  metric: Metric;
  labels: OwnLabels;
  value: number;
  /** Milliseconds since the epoch. */
  timestamp: number;
}

/** Labels that all samples of a lane have. */
export interface LaneLabels {
  cluster: string;
  plan: string;
}

/** Of one record: what one request can hold, and what is tried one by one when it is refused. */
const MOST_SAMPLES = 200;

const METRIC_BY_NAME: ReadonlyMap<string, Metric> = new Map(
  Object.values<Metric>(METRICS).map((metric) => [metric.name, metric]),
);

/** What a record's body holds: `[name, own labels, value, timestamp]` per sample. */
interface SampleBody {
  labels: LaneLabels;
  samples: readonly (readonly [string, OwnLabels, number, number])[];
}

/** Samples as records of the spool. */
export function encodeSamples(labels: LaneLabels, samples: readonly Sample[]): SpoolRecord[] {
  const records: SpoolRecord[] = [];
  for (let start = 0; start < samples.length; start += MOST_SAMPLES) {
    const some = samples.slice(start, start + MOST_SAMPLES);
    const body: SampleBody = {
      labels,
      samples: some.map((sample) => [sample.metric.name, sample.labels, sample.value, sample.timestamp]),
    };
    const at = some.reduce((oldest, { timestamp }) => Math.min(oldest, timestamp), Number.POSITIVE_INFINITY);
    records.push({ kind: 'samples', at, count: some.length, body: Buffer.from(JSON.stringify(body)) });
  }
  return records;
}

/** Samples of a record; those of a metric that this version does not know are left out. */
export function decodeSamples(record: SpoolRecord): { labels: LaneLabels; samples: Sample[] } {
  const { labels, samples } = JSON.parse(Buffer.from(record.body).toString('utf8')) as SampleBody;
  const known = samples.flatMap(([name, own, value, timestamp]) => {
    const metric = METRIC_BY_NAME.get(name);
    return metric === undefined ? [] : [{ metric, labels: own, value, timestamp }];
  });
  return { labels, samples: known };
}

/** Records as series for one request, each with its samples in time order. */
export function toSeries(records: readonly SpoolRecord[]): Series[] {
  const all = new Map<string, { labels: Record<string, string>; samples: Series['samples'][number][] }>();
  for (const record of records) {
    const { labels, samples } = decodeSamples(record);
    for (const { metric, labels: own, value, timestamp } of samples) {
      const full = { __name__: metric.name, ...labels, ...own };
      const key = JSON.stringify(full);
      const known = all.get(key);
      if (known === undefined) all.set(key, { labels: full, samples: [{ value, timestamp }] });
      else known.samples.push({ value, timestamp });
    }
  }
  const series = [...all.values()];
  for (const { samples } of series) samples.sort((a, b) => a.timestamp - b.timestamp);
  return series;
}
