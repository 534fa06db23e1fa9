import type { Dispatcher } from 'undici';
import { classifyError } from '../../errors/classify-error.ts';
import { deepestMessage } from '../../errors/deepest-message.ts';
import { InstallerError } from '../../errors/installer-error.ts';
import { printableUrl } from '../../resilience/printable-url.ts';
import { openDispatcher } from '../../system/http-dispatcher.ts';

export interface HttpRequest {
  method: string;
  url: string;
  headers: Readonly<Record<string, string>>;
  body?: string;
  /** Proxies are taken from here: HTTPS_PROXY, HTTP_PROXY, NO_PROXY, in either case. */
  env: Readonly<Record<string, string | undefined>>;
  signal: AbortSignal;
}

export interface HttpAnswer {
  status: number;
  /** By lower-case name. */
  headers: Readonly<Record<string, string | string[] | undefined>>;
  body: string;
  /** Where the answer came from, redirects followed. */
  url: string;
}

const CONNECT_TIMEOUT_MS = 10_000;
const STALL_TIMEOUT_MS = 30_000;
const MAX_BODY_BYTES = 8 << 20;
const MAX_REDIRECTS = 5;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * One request and its whole answer, whatever its status, through the environment's proxies (never to this machine).
 * Redirects are followed for GET and HEAD; another host is not given the headers, which may hold a password.
 *
 * @throws InstallerError `step_failed` with the class of the trouble; the signal's reason when aborted
 */
export async function sendOnce(request: HttpRequest): Promise<HttpAnswer> {
  const { signal } = request;
  const agents = openAgents(request.env);
  try {
    let { url, headers } = request;
    for (let redirects = 0; ; redirects += 1) {
      const answer = await exchange(await agents.of(url), { ...request, url, headers });
      const next = redirectOf(request.method, answer);
      if (next === undefined || redirects === MAX_REDIRECTS) return answer;
      if (next.origin !== new URL(url).origin) headers = {};
      if (url.startsWith('https:') && next.protocol !== 'https:') {
        throw new InstallerError(
          'step_failed',
          `${printableUrl(url)} leads to ${printableUrl(next.href)}, which is not encrypted`,
          { class: 'tls' },
        );
      }
      url = next.href;
    }
  } catch (thrown) {
    signal.throwIfAborted();
    if (thrown instanceof InstallerError) throw thrown;
    const { host } = new URL(request.url);
    throw new InstallerError('step_failed', `${host} could not be asked: ${deepestMessage(thrown)}`, {
      class: classifyError(thrown),
      cause: thrown,
    });
  } finally {
    await agents.close();
  }
}

function redirectOf(method: string, { status, headers, url }: HttpAnswer): URL | undefined {
  const { location } = headers;
  const follows = REDIRECTS.has(status) && (method === 'GET' || method === 'HEAD');
  return follows && typeof location === 'string' && URL.canParse(location, url) ? new URL(location, url) : undefined;
}

async function exchange(
  dispatcher: Dispatcher,
  { method, url, headers, body, signal }: HttpRequest,
): Promise<HttpAnswer> {
  const { request } = await import('undici');
  const response = await request(url, { dispatcher, method, headers, body: body ?? null, signal });
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response.body as AsyncIterable<Buffer>) {
    size += chunk.byteLength;
    if (size > MAX_BODY_BYTES) {
      throw new InstallerError(
        'step_failed',
        `${printableUrl(url)} answered with more than ${MAX_BODY_BYTES >> 20} MiB`,
      );
    }
    chunks.push(chunk);
  }
  const text = Buffer.concat(chunks).toString('utf8');
  return { status: response.statusCode, headers: response.headers, body: text, url };
}

/** Each for one address. */
function openAgents(env: HttpRequest['env']) {
  const opened: Dispatcher[] = [];
  return {
    async of(url: string): Promise<Dispatcher> {
      const { hostname, protocol } = new URL(url);
      const agent = await openDispatcher(hostname, {
        env,
        encrypted: protocol === 'https:',
        connectTimeoutMs: CONNECT_TIMEOUT_MS,
        stallTimeoutMs: STALL_TIMEOUT_MS,
      });
      opened.push(agent);
      return agent;
    },
    async close(): Promise<void> {
      await Promise.all(opened.map((agent) => agent.destroy()));
    },
  };
}
