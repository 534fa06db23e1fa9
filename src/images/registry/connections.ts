import { getCACertificates } from 'node:tls';
import type { Dispatcher } from 'undici';
import { classifyError } from '../../errors/classify-error.ts';
import { deepestMessage } from '../../errors/deepest-message.ts';
import { InstallerError } from '../../errors/installer-error.ts';

export interface ConnectionOptions {
  /** Proxies are taken from here: HTTPS_PROXY, HTTP_PROXY, NO_PROXY, in either case. */
  env: Readonly<Record<string, string | undefined>>;
  /** Kept open to each registry. */
  connections: number;
  /** Until a connection stands, in milliseconds. */
  connectTimeoutMs?: number;
  /** Longest silence while waiting for an answer, and inside it, in milliseconds. */
  stallTimeoutMs?: number;
}

export interface HttpRequest {
  method: 'GET' | 'HEAD' | 'POST' | 'PUT';
  headers?: Readonly<Record<string, string>>;
  body?: Dispatcher.RequestOptions['body'];
  signal?: AbortSignal | undefined;
}

export type HttpResponse = Dispatcher.ResponseData;

/** Connections that are kept for the next request. */
export interface Connections {
  /** One request, one answer of whatever status; redirects are not followed. @throws InstallerError with its class */
  send(url: string, request: HttpRequest): Promise<HttpResponse>;
  close(): Promise<void>;
}

/** Docker talks to registries of this machine without TLS, and never through a proxy. */
const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/;

export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host);
}

export function openConnections(options: ConnectionOptions): Connections {
  const { env, connections, connectTimeoutMs = 10_000, stallTimeoutMs = 30_000 } = options;
  // Loading undici takes long, and reading the system's certificates too: who needs neither waits for neither.
  let direct: Promise<Dispatcher> | undefined;
  let proxied: Promise<Dispatcher> | undefined;
  const limits = { connections, headersTimeout: stallTimeoutMs, bodyTimeout: stallTimeoutMs };

  async function openDirect(): Promise<Dispatcher> {
    const { Agent } = await import('undici');
    return new Agent({ ...limits, connect: { timeout: connectTimeoutMs } });
  }

  async function openProxied(): Promise<Dispatcher> {
    const { EnvHttpProxyAgent } = await import('undici');
    // Docker trusts the certificates of the system; Node alone would refuse those of a company's proxy.
    const ca = [...new Set([...getCACertificates('default'), ...getCACertificates('system')])];
    const connect = { timeout: connectTimeoutMs, ca };
    return new EnvHttpProxyAgent({
      ...limits,
      connect,
      proxyTls: connect,
      requestTls: connect,
      // Empty, not undefined: undefined would make undici look into the environment of the process.
      httpProxy: env.http_proxy ?? env.HTTP_PROXY ?? '',
      httpsProxy: env.https_proxy ?? env.HTTPS_PROXY ?? '',
      noProxy: env.no_proxy ?? env.NO_PROXY ?? '',
    });
  }

  return {
    async send(url, { method, headers = {}, body = null, signal }) {
      const { host } = new URL(url);
      direct ??= isLoopback(host) ? openDirect() : undefined;
      proxied ??= isLoopback(host) ? undefined : openProxied();
      const dispatcher = await (isLoopback(host) ? direct : proxied);
      if (dispatcher === undefined) throw new TypeError('no connections');
      try {
        const { request } = await import('undici');
        return await request(url, { dispatcher, method, headers, body, signal: signal ?? null });
      } catch (thrown) {
        signal?.throwIfAborted();
        throw unreachable(host, thrown);
      }
    },
    async close() {
      for (const opened of [direct, proxied]) await (await opened)?.destroy();
    },
  };
}

/** A connection that failed, as an error with its class; one that has a class already stays what it is. */
export function unreachable(host: string, thrown: unknown): InstallerError {
  if (thrown instanceof InstallerError) return thrown;
  const errorClass = classifyError(thrown);
  return new InstallerError('step_failed', `registry ${host}: ${deepestMessage(thrown)}`, {
    class: errorClass,
    hint:
      errorClass === 'tls'
        ? `a certificate of your own is trusted by NODE_EXTRA_CA_CERTS; a registry without TLS by --plain-http ${host}`
        : 'check the name and the network; behind a proxy, set HTTPS_PROXY',
    cause: thrown,
  });
}
