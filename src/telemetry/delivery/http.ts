import { readFile } from 'node:fs/promises';
import { type Env, isLoopback, proxiesOf } from '../../system/http-dispatcher.ts';
import { type ExchangeAnswer, type ExchangeRequest, exchange } from '../../system/http-exchange.ts';
import type { Endpoint } from '../settings.ts';
import { createCarefulLookup } from './careful-lookup.ts';

export type Answer = ExchangeAnswer;

export interface ClientRequest {
  method: string;
  headers?: Readonly<Record<string, string>>;
  body?: string | Uint8Array;
  signal: AbortSignal;
}

/** Sends requests to one endpoint, with its credentials; never follows a redirect, which would take them along. */
export type HttpClient = (url: string, request: ClientRequest) => Promise<Answer>;

/**
 * A client that knows about proxies and private CAs; only for a proxy a library is loaded.
 *
 * @throws NodeJS.ErrnoException when the CA file cannot be read
 */
export async function createHttpClient(endpoint: Endpoint, env: Env): Promise<HttpClient> {
  const ca = endpoint.caFile === undefined ? undefined : await readCertificates(endpoint.caFile);
  const send = needsProxy(endpoint, env) ? await createProxiedExchange(env, ca) : exchange;
  const trust = ca === undefined ? {} : { ca };
  const lookup = createCarefulLookup();
  return (url, { headers, ...request }) =>
    send(url, { ...request, ...trust, lookup, headers: { ...endpoint.headers, ...headers } });
}

async function readCertificates(caFile: string): Promise<readonly string[]> {
  const [{ rootCertificates }, own] = await Promise.all([import('node:tls'), readFile(caFile, 'utf8')]);
  return [...rootCertificates, own];
}

function needsProxy({ url }: Endpoint, env: Env): boolean {
  const { protocol, hostname } = new URL(url);
  if (isLoopback(hostname)) return false;
  const names = protocol === 'https:' ? ['https_proxy', 'HTTPS_PROXY'] : ['http_proxy', 'HTTP_PROXY'];
  return names.some((name) => (env[name] ?? '') !== '');
}

async function createProxiedExchange(env: Env, ca: readonly string[] | undefined): Promise<typeof exchange> {
  const { EnvHttpProxyAgent, request } = await import('undici');
  const tls = ca === undefined ? {} : { connect: { ca: [...ca] }, requestTls: { ca: [...ca] } };
  const dispatcher = new EnvHttpProxyAgent({
    ...tls,
    ...proxiesOf(env),
  });
  return async (url, { method, headers, body, signal }: ExchangeRequest) => {
    const answer = await request(url, { dispatcher, method, headers, signal, body: body ?? null });
    return { status: answer.statusCode, headers: answer.headers, body: await answer.body.text() };
  };
}

/** Libraries wrap what happened into "fetch failed" and the like. */
export function reasonOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  const { cause } = thrown;
  return cause instanceof Error ? cause.message || cause.name : thrown.message || thrown.name;
}
