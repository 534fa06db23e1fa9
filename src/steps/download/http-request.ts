import type { Response } from 'undici';
import { classifyError } from '../../errors/classify-error.ts';
import type { ErrorClass } from '../../errors/error-class.ts';
import { InstallerError } from '../../errors/installer-error.ts';
import { classifyStatus, deepestMessage } from './classify.ts';

export interface HttpOptions {
  /** Proxies are taken from here: HTTPS_PROXY, HTTP_PROXY, NO_PROXY, in either case. */
  env: Readonly<Record<string, string | undefined>>;
  headers?: Readonly<Record<string, string>>;
  signal?: AbortSignal;
  /** Until the connection stands. Default: 10 s. */
  connectTimeoutMs?: number;
  /** Longest silence while waiting for the answer, and inside it. Default: 30 s. */
  stallTimeoutMs?: number;
}

const HINTS: Partial<Record<ErrorClass, string>> = {
  dns: 'check the name and the network; behind a proxy, set HTTPS_PROXY',
  network_timeout: 'check the network; behind a proxy, set HTTPS_PROXY',
  network_reset: 'check the network; behind a proxy, set HTTPS_PROXY',
  tls: 'a proxy that opens TLS connections needs its certificate in NODE_EXTRA_CA_CERTS',
  disk_full: 'make room on that disk, then run the same command again',
};

/**
 * Sends a GET and hands its successful answer to `use`; the connection is closed when that has ended.
 *
 * @param use reads the body; what it throws is classified like a failure of the request
 * @throws InstallerError `step_failed` with the class of the trouble (network_timeout, dns, tls, not_found, …);
 *   the signal's reason when it was aborted
 */
export async function getUrl<T>(
  url: string,
  options: HttpOptions,
  use: (response: Response) => Promise<T>,
): Promise<T> {
  // Loading undici costs more than starting Node; only a run that downloads pays for it.
  const { EnvHttpProxyAgent, fetch } = await import('undici');
  const { env, signal, stallTimeoutMs = 30_000 } = options;
  const agent = new EnvHttpProxyAgent({
    connect: { timeout: options.connectTimeoutMs ?? 10_000 },
    headersTimeout: stallTimeoutMs,
    bodyTimeout: stallTimeoutMs,
    // Empty, not undefined: undefined would make undici look into the environment of the process.
    httpProxy: env.http_proxy ?? env.HTTP_PROXY ?? '',
    httpsProxy: env.https_proxy ?? env.HTTPS_PROXY ?? '',
    noProxy: env.no_proxy ?? env.NO_PROXY ?? '',
  });
  try {
    const response = await fetch(url, {
      dispatcher: agent,
      // The bytes as they are: a checksum is of the file, not of what a server makes of it on the way.
      headers: { 'accept-encoding': 'identity', ...options.headers },
      ...(signal === undefined ? {} : { signal }),
    });
    refuseBadAnswer(url, response);
    return await use(response);
  } catch (thrown) {
    signal?.throwIfAborted();
    throw explain(url, thrown);
  } finally {
    await agent.destroy();
  }
}

function refuseBadAnswer(url: string, response: Response): void {
  if (url.startsWith('https:') && !response.url.startsWith('https:')) {
    throw new InstallerError('step_failed', `${url} leads to ${response.url}, which is not encrypted`, {
      class: 'tls',
    });
  }
  if (response.ok) return;
  const errorClass = classifyStatus(response.status);
  throw new InstallerError('step_failed', `${url} answered ${response.status} ${response.statusText}`.trimEnd(), {
    class: errorClass,
    hint: HINTS[errorClass] ?? 'check the address',
  });
}

function explain(url: string, thrown: unknown): InstallerError {
  if (thrown instanceof InstallerError) return thrown;
  const errorClass = classifyError(thrown);
  const hint = HINTS[errorClass];
  return new InstallerError('step_failed', `${url} could not be fetched: ${deepestMessage(thrown)}`, {
    class: errorClass,
    ...(hint === undefined ? {} : { hint }),
    cause: thrown,
  });
}
