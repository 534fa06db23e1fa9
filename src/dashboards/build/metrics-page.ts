import {
  ATTRIBUTES,
  BREAKER_STATE_VALUES,
  EVENTS,
  LABELS,
  METRICS,
  type Metric,
  RUN_STATUS_VALUES,
  SERVICE_NAME,
  SPANS,
  STEP_STATUS_VALUES,
} from '../../telemetry/names.ts';

/** docs/metrics.md, from the names alone. */
export function renderMetricsPage(): string {
  const metrics: readonly Metric[] = Object.values(METRICS);
  const section = (type: Metric['type']) => metrics.filter((metric) => metric.type === type).map(metricRow);
  return `# Metrics, spans and attributes

Generated from \`src/telemetry/names.ts\` by \`npm run dashboards\`; change it there.

## Gauges

A sample per change, with the time of the change. While a run lives its current values are sent again every minute; after
it they are not, so queries take the last value within a range: \`last_over_time(NAME[7d])\`.

${table(['name', 'labels', 'meaning'], section('gauge'))}

## Counters

They outlive the program: kept on disk, never falling, first sent as 0 and sent unchanged when a run starts.

${table(['name', 'labels', 'meaning'], section('counter'))}

## Histograms

Of the OpenTelemetry SDK, one distribution per run of the program.

${table(['name', 'labels', 'meaning'], section('histogram'))}

## Labels

${table(
  ['label', 'holds'],
  Object.entries(LABELS).map(([label, help]) => [`\`${label}\``, help]),
)}

## Values of states

${table(
  ['metric', 'values'],
  [
    [`\`${METRICS.stepStatus.name}\``, valuesOf(STEP_STATUS_VALUES)],
    [`\`${METRICS.runStatus.name}\``, valuesOf(RUN_STATUS_VALUES)],
    [`\`${METRICS.breakerState.name}\``, valuesOf(BREAKER_STATE_VALUES)],
  ],
)}

A skipped step counts as done. \`deleted\` and \`reset\` close a run: no panel shows it and no rule fires for it.

## Spans

The service is \`${SERVICE_NAME}\`. Attributes follow OpenTelemetry's conventions for CI/CD; those of the project begin with \`contextcore.\`.

${table(
  ['span', 'kind', 'attributes'],
  Object.entries(SPANS).map(([what, span]) => [
    `\`${span.name(EXAMPLES[what as keyof typeof SPANS])}\``,
    span.kind,
    span.attributes.map((key) => `\`${ATTRIBUTES[key]}\``).join(' '),
  ]),
)}

On the resource: \`${ATTRIBUTES.serviceName}\`, \`${ATTRIBUTES.serviceVersion}\`, \`${ATTRIBUTES.cluster}\`. On a failed span: \`${ATTRIBUTES.errorType}\`.

## Events and log records

${Object.values(EVENTS)
  .map((name) => `\`${name}\``)
  .join(', ')}
`;
}

const EXAMPLES = { run: 'PLAN', step: 'ID', attempt: 'N', child: 'PROGRAM', request: 'METHOD' } as const;

function metricRow({ name, labels, help }: Metric): string[] {
  return [`\`${name}\``, labels.map((label) => `\`${label}\``).join(' '), help];
}

function valuesOf(values: Readonly<Record<string, number>>): string {
  return Object.entries(values)
    .map(([name, value]) => `${value} ${name.replaceAll('_', ' ')}`)
    .join(', ');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  return [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
