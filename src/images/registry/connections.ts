import type { Dispatcher } from 'undici';
import { classifyError } from '../../errors/classify-error.ts';
import { deepestMessage } from '../../errors/deepest-message.ts';
import { InstallerError } from '../../errors/installer-error.ts';
import { isLoopback, openDispatcher } from '../../system/http-dispatcher.ts';

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

export function openConnections(options: ConnectionOptions): Connections {
  const { connectTimeoutMs = 10_000, stallTimeoutMs = 30_000 } = options;
  // Loading undici takes long, and reading the system's certificates too: who needs neither waits for neither.
  const opened = new Map<boolean, Promise<Dispatcher>>();
  const dispatcherFor = (host: string): Promise<Dispatcher> => {
    const local = isLoopback(host);
    const dispatcher =
      opened.get(local) ?? openDispatcher(host, { ...options, connectTimeoutMs, stallTimeoutMs, encrypted: !local });
    opened.set(local, dispatcher);
    return dispatcher;
  };

  return {
    async send(url, { method, headers = {}, body = null, signal }) {
      const { host } = new URL(url);
      const dispatcher = await dispatcherFor(host);
      try {
        const { request } = await import('undici');
        return await request(url, { dispatcher, method, headers, body, signal: signal ?? null });
      } catch (thrown) {
        signal?.throwIfAborted();
        throw unreachable(host, thrown);
      }
    },
    async close() {
      for (const dispatcher of opened.values()) await (await dispatcher).destroy();
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
