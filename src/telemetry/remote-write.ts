import type { ErrorClass } from '../errors/error-class.ts';
import { InstallerError } from '../errors/installer-error.ts';
import { type ExchangeRequest, exchange } from '../system/http-exchange.ts';

/** One time series: its labels, `__name__` among them, and samples in time order. */
export interface Series {
  labels: Readonly<Record<string, string>>;
  /** `timestamp` in milliseconds since the epoch, above 0. */
  samples: readonly { value: number; timestamp: number }[];
}

export interface PushOptions {
  /** Further headers, such as `X-Scope-OrgID` or `Authorization`. */
  headers?: Readonly<Record<string, string>>;
  /** Of the whole request, in milliseconds. */
  timeoutMs?: number;
  signal?: AbortSignal;
  /** Sends the request, where proxies or certificates need more than the default, or to see the whole answer. */
  exchange?: (url: string, request: ExchangeRequest) => Promise<{ status: number; body: string }>;
}

const TIMEOUT_MS = 10_000;

/** What the specification asks of a sender (https://prometheus.io/docs/specs/prw/remote_write_spec/). */
const PROTOCOL_HEADERS = {
  'Content-Encoding': 'snappy',
  'X-Prometheus-Remote-Write-Version': '0.1.0',
  'User-Agent': 'contextcore-installer',
};

/**
 * Sends samples by Prometheus remote write 1.0, once. That a receiver answers with success does not say that it kept
 * every sample: read back what matters.
 *
 * @param url complete address, such as `http://127.0.0.1:9009/api/v1/push` (Mimir) or `…/api/v1/write` (Prometheus)
 * @throws InstallerError `step_failed` with a class: what of 5xx, 429 and network trouble may be tried again
 */
export async function pushSamples(url: string, series: readonly Series[], options: PushOptions = {}): Promise<void> {
  const signal = AbortSignal.any([
    AbortSignal.timeout(options.timeoutMs ?? TIMEOUT_MS),
    ...(options.signal === undefined ? [] : [options.signal]),
  ]);
  // Loaded when something is sent: most commands never do.
  const { pushTimeseries } = await import('prometheus-remote-write');
  // The library's own timeout is not known to what sends: the signal is given here.
  const send = async (to: string, init?: { headers: Record<string, string>; body: ArrayBufferLike }) => {
    const body = Buffer.from(init?.body ?? new ArrayBuffer(0));
    const answer = await (options.exchange ?? exchange)(to, {
      method: 'POST',
      headers: init?.headers ?? {},
      body,
      signal,
    });
    return { status: answer.status, statusText: '', text: async () => answer.body };
  };
  const result = await pushTimeseries(series.map(prepare), {
    url,
    fetch: send,
    headers: { ...PROTOCOL_HEADERS, ...options.headers },
  }).catch((cause: unknown) => {
    options.signal?.throwIfAborted();
    throw new InstallerError('step_failed', `remote write to ${url} could not be sent: ${reasonOf(cause)}`, {
      class: cause instanceof Error && cause.name === 'TimeoutError' ? 'network_timeout' : 'network_reset',
      cause,
    });
  });
  if (result.status >= 200 && result.status < 300) return;
  const answer = result.errorMessage?.trim().split('\n')[0] || 'no reason given';
  throw new InstallerError('step_failed', `remote write to ${url} was refused with ${result.status}: ${answer}`, {
    class: classOf(result.status),
  });
}

/** Labels sorted by name, as the specification demands. */
function prepare({ labels, samples }: Series) {
  const { __name__ } = labels;
  if (__name__ === undefined) throw new InstallerError('config', 'a series without __name__ cannot be sent');
  for (const { timestamp } of samples) {
    // The library takes 0 for "now".
    if (!(timestamp > 0)) throw new InstallerError('config', `${__name__}: ${timestamp} is no time in milliseconds`);
  }
  const sorted = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
  // Not spread behind __name__: an upper-case label stands before it.
  const inOrder = Object.fromEntries(sorted) as { __name__: string };
  return { labels: inOrder, samples: samples.map((sample) => ({ ...sample })) };
}

function classOf(status: number): ErrorClass {
  if (status === 429) return 'rate_limited';
  if (status >= 500) return 'server_error';
  if (status === 401 || status === 403) return 'unauthorized';
  return status === 404 ? 'not_found' : 'unknown';
}

function reasonOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  return thrown.message || (thrown as NodeJS.ErrnoException).code || thrown.name;
}
