import type { Clock } from '../../engine/ports.ts';
import { InstallerError } from '../../errors/installer-error.ts';
import { waitUntil } from '../../resilience/wait-until.ts';
import { askHttp, describeAnswer, isSuccess } from './http-answer.ts';
import { SEED_METRIC, SEED_SERVICE, type Seed, type SeedPath } from './seed.ts';

export interface ReadOptions {
  headers?: Readonly<Record<string, string>>;
  signal: AbortSignal;
}

/** Whether a signal was found, and if not, what was answered. */
export interface Reading {
  found: boolean;
  answer: string;
}

/**
 * Looks for the seed's gauge at its own time.
 *
 * @param apiUrl of the Prometheus API, such as `http://127.0.0.1:9009/prometheus` (Mimir) or without a path (Prometheus)
 */
export function readSeedMetric(apiUrl: string, seed: Seed, path: SeedPath, options: ReadOptions): Promise<Reading> {
  // A selector of the exact sample: an older one of the series must not pass for it.
  const query = `${SEED_METRIC}{cluster="${seed.cluster}",path="${path}"} == ${seed.atMs / 1000}`;
  // A query at the very millisecond may be rounded to before it.
  const time = (seed.atMs + 1000) / 1000;
  return read(`${apiUrl}/api/v1/query?${new URLSearchParams({ query, time: String(time) })}`, options, hasResult);
}

/** Looks for the seed's log line. @param lokiUrl such as `http://127.0.0.1:3100` */
export function readSeedLog(lokiUrl: string, seed: Seed, options: ReadOptions): Promise<Reading> {
  const query = `{service_name="${SEED_SERVICE}"} |= "${seed.traceId}"`;
  const start = `${seed.atMs - 60_000}000000`;
  const end = `${seed.atMs + 60_000}000000`;
  const parameters = new URLSearchParams({ query, start, end, limit: '1' });
  return read(`${lokiUrl}/loki/api/v1/query_range?${parameters}`, options, hasResult);
}

/** Looks for the seed's trace. @param tempoUrl such as `http://127.0.0.1:3200` */
export function readSeedTrace(tempoUrl: string, seed: Seed, options: ReadOptions): Promise<Reading> {
  return read(`${tempoUrl}/api/traces/${seed.traceId}`, options, (body) => body.includes('seed'));
}

/**
 * Looks again until the signal is found.
 *
 * @param what such as `the log in Loki`
 * @throws InstallerError `step_failed` when it is not there in time, with the last answer
 */
export async function awaitReading(
  what: string,
  look: () => Promise<Reading>,
  options: { clock: Clock; signal: AbortSignal; timeoutMs: number },
): Promise<void> {
  let last = 'nothing';
  const found = await waitUntil(async () => {
    const reading = await look();
    last = reading.answer;
    return reading.found ? reading : undefined;
  }, options);
  if (found !== undefined) return;
  const seconds = Math.round(options.timeoutMs / 1000);
  throw new InstallerError('step_failed', `${what} could not be read back within ${seconds} s: ${last}`, {
    class: 'network_timeout',
    hint: 'it was taken but is not found: the log of the component that stores it tells more',
  });
}

async function read(url: string, options: ReadOptions, holds: (body: string) => boolean): Promise<Reading> {
  const answer = await askHttp(url, options);
  if (answer.status === undefined || !isSuccess(answer)) return { found: false, answer: describeAnswer(answer) };
  const found = holds(answer.body);
  return { found, answer: found ? 'found' : 'an empty result' };
}

/** Prometheus and Loki answer in the same shape. */
function hasResult(body: string): boolean {
  try {
    const answer = JSON.parse(body) as { data?: { result?: unknown } };
    return Array.isArray(answer.data?.result) && answer.data.result.length > 0;
  } catch {
    return false;
  }
}
