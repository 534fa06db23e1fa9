import type { Metric } from '../names.ts';
import type { Sample } from './sample.ts';

/**
 * Samples in Prometheus's text format, without their times
 * (https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format): series of a metric together, and only
 * their own labels.
 */
export function toTextFormat(samples: readonly Sample[]): string {
  const lines = new Map<Metric, string[]>();
  for (const { metric, labels, value } of samples) {
    const known = lines.get(metric) ?? headOf(metric);
    lines.set(metric, known);
    const pairs = Object.entries(labels).map(([name, text]) => `${name}="${escapeText(text).replaceAll('"', '\\"')}"`);
    known.push(`${metric.name}${pairs.length === 0 ? '' : `{${pairs.join(',')}}`} ${value}`);
  }
  return [...lines.values()]
    .flat()
    .map((line) => `${line}\n`)
    .join('');
}

function headOf({ name, help, type }: Metric): string[] {
  return [`# HELP ${name} ${escapeText(help)}`, `# TYPE ${name} ${type}`];
}

function escapeText(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n');
}
