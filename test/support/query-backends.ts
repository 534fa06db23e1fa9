/** Questions to a Prometheus-like server (`url` up to and without `/api/v1`), a time in seconds. */
export interface Answered {
  metric: Record<string, string>;
  /** The last value. */
  value: number;
  /** How many points: 1 for an instant query. */
  points: number;
}

interface ApiAnswer {
  status: string;
  error?: string;
  warnings?: string[];
  data: {
    result: { metric: Record<string, string>; value?: [number, string]; values?: [number, string][] }[];
  };
}

/** @throws Error when the query is refused, or answered with a warning */
export async function askInstant(url: string, query: string, time: number): Promise<Answered[]> {
  return await ask(`${url}/api/v1/query`, { query, time: String(time) });
}

export async function askRange(
  url: string,
  query: string,
  range: { from: number; to: number; step: number },
): Promise<Answered[]> {
  const { from, to, step } = range;
  return await ask(`${url}/api/v1/query_range`, { query, start: String(from), end: String(to), step: String(step) });
}

/** Values of a label, as a dashboard's variable asks for them. */
export async function askLabelValues(url: string, label: string, match: string, from: number, to: number) {
  const parameters = new URLSearchParams({ 'match[]': match, start: String(from), end: String(to) });
  const response = await fetch(`${url}/api/v1/label/${label}/values?${parameters}`);
  const answer = (await response.json()) as { status: string; error?: string; data: string[] };
  if (answer.status !== 'success') throw new Error(`${match}: ${answer.error}`);
  return answer.data;
}

async function ask(address: string, parameters: Record<string, string>): Promise<Answered[]> {
  const response = await fetch(address, { method: 'POST', body: new URLSearchParams(parameters) });
  const answer = (await response.json()) as ApiAnswer;
  if (answer.status !== 'success') throw new Error(`${parameters.query}: ${answer.error}`);
  if (answer.warnings !== undefined) throw new Error(`${parameters.query}: ${answer.warnings.join()}`);
  return answer.data.result.map(({ metric, value, values }) => {
    const points = values ?? (value === undefined ? [] : [value]);
    return { metric, value: Number(points.at(-1)?.[1]), points: points.length };
  });
}
