import type { ErrorClass } from '../errors/error-class.ts';
import { InstallerError } from '../errors/installer-error.ts';

/** `fetch`, or a stand-in with the caller's proxy and certificates. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

export interface ApiOptions {
  /** Of the server, without a path of its API. */
  url: string;
  /** Sent as bearer token; never printed. */
  token?: string;
  /** Default: the global one. */
  fetch?: Fetch;
  signal?: AbortSignal;
}

export interface ApiRequest {
  method?: 'GET' | 'POST' | 'DELETE';
  headers?: Readonly<Record<string, string>>;
  body?: string;
}

const TIMEOUT_MS = 15_000;

/**
 * Asks an API once.
 *
 * @param path with its leading slash, behind the path that `url` may have
 * @throws InstallerError class `network_reset` or `network_timeout` when there is no answer, `config` for a bad address
 */
export async function askApi(options: ApiOptions, path: string, request: ApiRequest = {}): Promise<Response> {
  if (!/^https?:\/\/[^/]/.test(options.url)) {
    throw new InstallerError('config', `${options.url} is no address of a server`, {
      hint: 'give it with its scheme, such as http://localhost:3000',
    });
  }
  const timeout = AbortSignal.timeout(TIMEOUT_MS);
  const signal = options.signal === undefined ? timeout : AbortSignal.any([options.signal, timeout]);
  const headers = {
    ...(options.token === undefined ? {} : { Authorization: `Bearer ${options.token}` }),
    ...request.headers,
  };
  const address = options.url.replace(/\/+$/, '') + path;
  try {
    const { method = 'GET', body } = request;
    return await (options.fetch ?? fetch)(address, {
      method,
      headers,
      signal,
      ...(body === undefined ? {} : { body }),
    });
  } catch (cause) {
    options.signal?.throwIfAborted();
    const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
    const reason = inner instanceof Error ? inner.message || inner.name : String(inner);
    throw new InstallerError('step_failed', `${address} does not answer: ${reason}`, {
      class: timeout.aborted ? 'network_timeout' : 'network_reset',
      cause,
    });
  }
}

/** @throws InstallerError with what the server says, and what to do when it is about rights */
export async function refuse(response: Response, what: string): Promise<never> {
  const text = (await response.text()).trim();
  throw new InstallerError('step_failed', `${what} was refused with ${response.status}: ${reasonIn(text)}`, {
    class: classOf(response.status),
    ...(response.status === 401 || response.status === 403
      ? { hint: 'the token must be of a service account that may write there' }
      : {}),
  });
}

function reasonIn(text: string): string {
  try {
    const { message } = JSON.parse(text) as { message?: unknown };
    if (typeof message === 'string') return message;
  } catch {
    // Not JSON: a plain sentence, as Mimir answers.
  }
  return text.split('\n')[0]?.slice(0, 300) ?? '';
}

function classOf(status: number): ErrorClass {
  if (status === 429) return 'rate_limited';
  if (status >= 500) return 'server_error';
  if (status === 401 || status === 403) return 'unauthorized';
  return status === 404 ? 'not_found' : 'unknown';
}
