import { isLoopback } from '../../system/http-dispatcher.ts';
import type { ImageReference } from '../reference.ts';
import { HUB } from '../reference.ts';
import { type Authorizer, createAuthorizer, type Scope } from './authorize.ts';
import { type Connections, type HttpRequest, type HttpResponse, openConnections } from './connections.ts';
import type { FindCredentials } from './credentials.ts';

export interface RegistryOptions {
  env: Readonly<Record<string, string | undefined>>;
  credentials: FindCredentials;
  /** Milliseconds; tokens end by it. */
  now: () => number;
  /** Hosts that are talked to without TLS, besides those of this machine. */
  plainHttp?: readonly string[];
  /** Connections kept to each registry. Default: 16. */
  connections?: number;
  connectTimeoutMs?: number;
  stallTimeoutMs?: number;
}

/** A repository of a registry. */
export type Repository = Pick<ImageReference, 'registry' | 'repository'>;

export interface ApiRequest extends HttpRequest {
  /** Default: pull. */
  push?: boolean;
  /** Another repository of the same registry that is read from. */
  alsoPull?: string;
}

/** The HTTP API of registries, with whatever login they ask for. One request is one attempt. */
export interface RegistryApi {
  /**
   * @param path below `/v2/NAME/`, or an address that the registry itself has given
   * @returns an answer of any status; 401 only after a second try with credentials
   * @throws InstallerError with its class
   */
  request(repository: Repository, path: string, request: ApiRequest): Promise<HttpResponse>;
  close(): Promise<void>;
}

/** The host that serves images of docker.io. */
const HUB_API = 'registry-1.docker.io';
const MAX_CONNECTIONS = 16;
const MAX_REDIRECTS = 5;

export function openRegistryApi(options: RegistryOptions): RegistryApi {
  const { plainHttp = [], connections: count = MAX_CONNECTIONS, credentials, now } = options;
  const connections = openConnections({ ...options, connections: count });
  const authorizer = createAuthorizer(connections, credentials, now);
  const baseOf = (registry: string) => {
    const host = registry === HUB ? HUB_API : registry;
    return `${isLoopback(host) || plainHttp.includes(host) ? 'http' : 'https'}://${host}`;
  };
  return {
    async request({ registry, repository }, path, { push = false, alsoPull, headers = {}, ...request }) {
      const base = baseOf(registry);
      const url = /^https?:|^\//.test(path) ? new URL(path, base).href : `${base}/v2/${repository}/${path}`;
      const scopes: Scope[] = [`repository:${repository}:${push ? 'pull,push' : 'pull'}`];
      if (alsoPull !== undefined) scopes.push(`repository:${alsoPull}:pull`);
      return await sendAuthorized(connections, authorizer, registry, scopes, url, base, { ...request, headers });
    },
    close: () => connections.close(),
  };
}

async function sendAuthorized(
  connections: Connections,
  authorizer: Authorizer,
  registry: string,
  scopes: readonly Scope[],
  url: string,
  base: string,
  request: HttpRequest,
): Promise<HttpResponse> {
  // What the registry has elsewhere (an upload's address, a redirect) is no place for our login.
  const isItsOwn = new URL(url).origin === new URL(base).origin;
  const send = (authorization: string | undefined) =>
    follow(connections, url, {
      ...request,
      headers: { ...request.headers, ...(authorization ? { authorization } : {}) },
    });
  const known = isItsOwn ? await authorizer.header(registry, scopes) : undefined;
  const answer = await send(known);
  if (answer.statusCode !== 401 || !isItsOwn) return answer;
  await answer.body.dump();
  // A body that streams has been used up: only what can be said again is said again.
  if (request.body !== undefined && typeof request.body !== 'string' && !Buffer.isBuffer(request.body)) return answer;
  return await send(await authorizer.learn(registry, scopes, answer.headers['www-authenticate']));
}

/** Registries keep large things elsewhere; the login stays with the registry. */
async function follow(connections: Connections, url: string, request: HttpRequest): Promise<HttpResponse> {
  let at = url;
  let headers = request.headers ?? {};
  for (let hops = 0; ; hops += 1) {
    const answer = await connections.send(at, { ...request, headers });
    const location = answer.headers.location;
    const isRedirect = [301, 302, 303, 307, 308].includes(answer.statusCode) && typeof location === 'string';
    if (!isRedirect || hops === MAX_REDIRECTS || !(request.method === 'GET' || request.method === 'HEAD'))
      return answer;
    await answer.body.dump();
    const next = new URL(location, at);
    if (next.origin !== new URL(at).origin) {
      const { authorization: _login, ...rest } = headers;
      headers = rest;
    }
    at = next.href;
  }
}
