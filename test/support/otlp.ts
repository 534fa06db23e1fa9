/** Requests of OTLP in their JSON form, as far as tests look at them. */

interface KeyValue {
  key: string;
  value: { stringValue?: string; intValue?: string | number; doubleValue?: number; boolValue?: boolean };
}

interface RawSpan {
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  name: string;
  kind: number;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  attributes?: KeyValue[];
  status?: { code?: number };
  events?: { name: string; attributes?: KeyValue[] }[];
  links?: { traceId: string; spanId: string; attributes?: KeyValue[] }[];
}

export interface TracesRequest {
  resourceSpans: { resource: { attributes: KeyValue[] }; scopeSpans: { spans: RawSpan[] }[] }[];
}

export interface LogsRequest {
  resourceLogs: {
    scopeLogs: {
      logRecords: {
        timeUnixNano: string;
        severityText: string;
        body: { stringValue: string };
        attributes?: KeyValue[];
        traceId?: string;
        spanId?: string;
        eventName?: string;
      }[];
    }[];
  }[];
}

export interface MetricsRequest {
  resourceMetrics: { scopeMetrics: { metrics: { name: string; histogram?: { dataPoints: HistogramPoint[] } }[] }[] }[];
}

export interface HistogramPoint {
  attributes: KeyValue[];
  count: string | number;
  sum: number;
  exemplars?: { traceId: string; spanId: string; asDouble: number }[];
}

export type Attributes = Record<string, string | number | boolean | undefined>;

export interface FoundSpan extends Omit<RawSpan, 'attributes' | 'events' | 'links'> {
  attributes: Attributes;
  events: { name: string; attributes: Attributes }[];
  links: { traceId: string; spanId: string; attributes: Attributes }[];
  status: { code?: number };
}

export const KINDS = { internal: 1, server: 2, client: 3 } as const;
export const ERROR = 2;

export function spansOf(requests: readonly TracesRequest[]): FoundSpan[] {
  const raw = requests.flatMap(({ resourceSpans }) =>
    resourceSpans.flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)),
  );
  return raw.map((span) => ({
    ...span,
    status: span.status ?? {},
    attributes: attributesOf(span.attributes),
    events: (span.events ?? []).map(({ name, attributes }) => ({ name, attributes: attributesOf(attributes) })),
    links: (span.links ?? []).map((link) => ({ ...link, attributes: attributesOf(link.attributes) })),
  }));
}

export function logLinesOf(requests: readonly LogsRequest[]) {
  const records = requests.flatMap(({ resourceLogs }) =>
    resourceLogs.flatMap(({ scopeLogs }) => scopeLogs.flatMap(({ logRecords }) => logRecords)),
  );
  return records.map(({ attributes, body, ...record }) => ({
    ...record,
    text: body.stringValue,
    attributes: attributesOf(attributes),
  }));
}

/** Data points of a histogram in the latest request that has them. */
export function histogramOf(requests: readonly MetricsRequest[], metric: string) {
  const all = requests.flatMap(({ resourceMetrics }) =>
    resourceMetrics.flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics)),
  );
  const points = all.filter(({ name }) => name === metric).flatMap(({ histogram }) => histogram?.dataPoints ?? []);
  return points.map(({ attributes, ...point }) => ({ ...point, attributes: attributesOf(attributes) }));
}

/** `RUN p > STEP a > ATTEMPT 1 > sh`: the names from the root of the trace down to each span, sorted. */
export function pathsOf(spans: readonly FoundSpan[]): string[] {
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  const pathOf = (span: FoundSpan): string => {
    const parent = byId.get(span.parentSpanId ?? '');
    return parent === undefined ? span.name : `${pathOf(parent)} > ${span.name}`;
  };
  return spans.map(pathOf).sort();
}

function attributesOf(list: readonly KeyValue[] = []): Attributes {
  return Object.fromEntries(
    list.map(({ key, value }) => {
      const { stringValue, intValue, doubleValue, boolValue } = value;
      return [key, stringValue ?? (intValue === undefined ? undefined : Number(intValue)) ?? doubleValue ?? boolValue];
    }),
  );
}
