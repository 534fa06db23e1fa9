/** One span, log record or metric of an OTLP request in its JSON form, with what stands around it. */
export interface OtlpPart {
  /** Names of the lists, from the outermost. */
  lists: ListNames;
  resource: object;
  scope: object;
  item: object;
  /** Items as the spool counts them: a metric has a point for each series. */
  count: number;
}

type ListNames = (typeof LISTS)[number];
type Lists = Record<string, unknown>;

/** https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding */
const LISTS = [
  ['resourceSpans', 'scopeSpans', 'spans'],
  ['resourceLogs', 'scopeLogs', 'logRecords'],
  ['resourceMetrics', 'scopeMetrics', 'metrics'],
] as const;

/** @returns the parts of a request's body; undefined for one that is no JSON, or nothing that is known */
export function takeApart(body: Uint8Array): readonly OtlpPart[] | undefined {
  const request = parse(body);
  const lists = LISTS.find(([outer]) => request[outer] !== undefined);
  if (lists === undefined) return undefined;
  const [outer, middle, inner] = lists;
  return listOf(request, outer).flatMap((resource) =>
    listOf(resource, middle).flatMap((scope) =>
      listOf(scope, inner).map((item) => ({ lists, resource, scope, item, count: pointsOf(item) })),
    ),
  );
}

/** The body of a request with these parts, of one request, in their order. */
export function putTogether(parts: readonly OtlpPart[]): string {
  const lists = parts[0]?.lists;
  if (lists === undefined) return '{}';
  const [outer, middle, inner] = lists;
  const byResource = Map.groupBy(parts, ({ resource }) => resource);
  const resources = [...byResource].map(([resource, ofResource]) => {
    const byScope = Map.groupBy(ofResource, ({ scope }) => scope);
    const scopes = [...byScope].map(([scope, ofScope]) => ({ ...scope, [inner]: ofScope.map(({ item }) => item) }));
    return { ...resource, [middle]: scopes };
  });
  return JSON.stringify({ [outer]: resources });
}

function parse(body: Uint8Array): Lists {
  try {
    return (JSON.parse(Buffer.from(body).toString('utf8')) as Lists | null) ?? {};
  } catch {
    return {};
  }
}

function listOf(holder: Lists, name: string): readonly Lists[] {
  const list = holder[name];
  return Array.isArray(list) ? (list as readonly Lists[]) : [];
}

function pointsOf(item: Lists): number {
  const points = Object.values(item).flatMap((value) => listOf((value ?? {}) as Lists, 'dataPoints'));
  return Math.max(1, points.length);
}
