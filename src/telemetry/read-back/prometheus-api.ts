import { InstallerError } from '../../errors/installer-error.ts';
import { type Answer, createHttpClient, type HttpClient, reasonOf } from '../delivery/http.ts';
import type { Endpoint } from '../settings.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** A series as it is stored: every sample, nothing interpolated. */
export interface RawSeries {
  labels: Readonly<Record<string, string>>;
  /** In the order of time; `timestamp` in milliseconds since the epoch. */
  samples: readonly { timestamp: number; value: number }[];
}

export interface QueryOptions {
  env: Env;
  /** Of each request. */
  timeoutMs: number;
  /** Milliseconds since the epoch. */
  now: number;
}

/** What a receiver's clock may lie behind ours: samples of the last moments must not be missed. */
const MARGIN_S = 60;
/** Where the API stands: right below the address, or below `/prometheus`, as in Mimir. */
const PREFIXES = ['', '/prometheus'] as const;

/**
 * Asks a Prometheus API (Prometheus, Mimir, VictoriaMetrics, Thanos) for the stored samples of a selector. An answer that
 * is not certainly whole is none.
 *
 * @param query a range selector, such as `up{job="a"}[30d]`
 * @throws InstallerError `remote_unavailable`: no answer, none of this API, or one with warnings
 */
export async function queryRawSamples(
  endpoint: Endpoint,
  query: string,
  { env, timeoutMs, now }: QueryOptions,
): Promise<readonly RawSeries[]> {
  const client = await createClient(endpoint, env);
  const base = endpoint.url.replace(/\/api\/v1\/query(_range)?$/, '');
  // VictoriaMetrics keeps the latest moments back from queries, and rounds times for its cache.
  const own = { latency_offset: '1ms', nocache: '1' };
  const parameters = new URLSearchParams({ query, time: String(Math.floor(now / 1000) + MARGIN_S), ...own });
  let missing = '';
  for (const prefix of PREFIXES) {
    const url = `${base}${prefix}/api/v1/query`;
    const answer = await ask(client, url, parameters, timeoutMs);
    if (answer.status !== 404) return readAnswer(url, answer);
    missing = url;
  }
  throw unavailable(`${endpoint.url} has no Prometheus API: ${missing} answers 404`);
}

async function createClient(endpoint: Endpoint, env: Env): Promise<HttpClient> {
  try {
    return await createHttpClient(endpoint, env);
  } catch (cause) {
    throw new InstallerError('config', `the CA file ${endpoint.caFile} cannot be used: ${reasonOf(cause)}`, { cause });
  }
}

async function ask(client: HttpClient, url: string, parameters: URLSearchParams, timeoutMs: number): Promise<Answer> {
  try {
    const signal = AbortSignal.timeout(timeoutMs);
    return await client(`${url}?${parameters}`, { method: 'GET', signal });
  } catch (cause) {
    throw unavailable(`${url} did not answer: ${reasonOf(cause)}`, cause);
  }
}

function readAnswer(url: string, { status, body }: Answer): readonly RawSeries[] {
  const said = body.trim().split('\n')[0]?.slice(0, 200) ?? '';
  if (status >= 300 && status < 400)
    throw unavailable(`${url} leads elsewhere (${status}): give the address it leads to`);
  if (status !== 200) throw unavailable(`${url} answered ${status}: ${said}`);
  let answer: PrometheusAnswer;
  try {
    answer = JSON.parse(body) as PrometheusAnswer;
  } catch {
    throw unavailable(`${url} answered with something else than JSON: ${said}`);
  }
  const { data, warnings = [], isPartial } = answer ?? {};
  if (answer?.status !== 'success') throw unavailable(`${url} answered with "${answer?.error ?? said}"`);
  if (warnings.length > 0) throw unavailable(`${url} warns that its answer may lack something: ${warnings[0]}`);
  if (isPartial === true) throw unavailable(`${url} gave a part of the answer only: a store of it is not there`);
  if (data?.resultType !== 'matrix' || !Array.isArray(data.result))
    throw unavailable(`${url} gave no samples: ${said}`);
  return data.result.map((series) => readSeries(url, series));
}

interface PrometheusAnswer {
  status?: string;
  error?: string;
  warnings?: readonly string[];
  /** VictoriaMetrics: some of its stores did not answer. */
  isPartial?: boolean;
  data?: { resultType?: string; result?: readonly unknown[] };
}

function readSeries(url: string, series: unknown): RawSeries {
  const { metric, values } = (series ?? {}) as { metric?: Record<string, string>; values?: [number, string][] };
  if (typeof metric !== 'object' || metric === null || !Array.isArray(values)) {
    throw unavailable(`${url} gave a series of an unknown shape`);
  }
  const samples = values.map(([seconds, value]) => ({ timestamp: Math.round(seconds * 1000), value: Number(value) }));
  if (samples.some(({ timestamp, value }) => Number.isNaN(timestamp) || Number.isNaN(value))) {
    throw unavailable(`${url} gave samples of an unknown shape`);
  }
  return { labels: metric, samples };
}

function unavailable(message: string, cause?: unknown): InstallerError {
  return new InstallerError('remote_unavailable', message, {
    hint: 'nothing was changed; check the address, the tenant (CONTEXTCORE_TENANT) and the credentials',
    ...(cause === undefined ? {} : { cause }),
  });
}
