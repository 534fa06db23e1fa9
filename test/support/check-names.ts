import { METRIC_PREFIX, METRICS, type Metric } from '../../src/telemetry/names.ts';

const METRIC_BY_NAME: ReadonlyMap<string, Metric> = new Map(
  Object.values(METRICS).flatMap((metric: Metric): [string, Metric][] =>
    metric.type === 'histogram'
      ? ['', '_bucket', '_sum', '_count'].map((end) => [metric.name + end, metric])
      : [[metric.name, metric]],
  ),
);
/** Labels of the receiver and of histograms. */
const FOREIGN_LABELS = new Set(['le', 'job', 'instance']);

/** @returns a sentence for each metric name of ours that does not exist, and each label that its metric does not have */
export function checkNames(text: string): string[] {
  const wrong: string[] = [];
  for (const [, name, matchers] of text.matchAll(new RegExp(`(${METRIC_PREFIX}[a-z0-9_]*)(?:\\{([^}]*)\\})?`, 'g'))) {
    const metric = METRIC_BY_NAME.get(name ?? '');
    // The family itself, as "contextcore_install_*".
    if (name === METRIC_PREFIX) continue;
    if (metric === undefined) wrong.push(`${name} is no metric of src/telemetry/names.ts`);
    for (const [, label] of (matchers ?? '').matchAll(/(\w+)\s*(?:=~|!~|!=|=)/g)) {
      const known = metric?.labels.some((one) => one === label) || FOREIGN_LABELS.has(label ?? '');
      if (metric !== undefined && !known) wrong.push(`${name} has no label ${label}`);
    }
  }
  return wrong;
}
