import type { Dispatcher } from 'undici';
import { classifyError } from '../../errors/classify-error.ts';
import { deepestMessage } from '../../errors/deepest-message.ts';
import type { ErrorClass } from '../../errors/error-class.ts';
import { isLoopback, openDispatcher } from '../../system/http-dispatcher.ts';
import type { CheckEnv } from './check.ts';

export type RegistryAnswer =
  | { reached: true; status: number; offsetMs: number | undefined }
  | { reached: false; class: ErrorClass; reason: string };

const PROBE_TIMEOUT_MS = 5_000;

/**
 * Asks a registry once per round whether it is there: any answer to GET /v2/ will do, 401 is the usual one
 * (https://distribution.github.io/distribution/spec/api/#api-version-check). Never rejects.
 *
 * @param host `ghcr.io`, `localhost:5000`, or a mirror's full address (`https://mirror.example:8443`)
 * @param proxies variables HTTPS_PROXY, HTTP_PROXY, NO_PROXY, in either case
 */
export function askRegistry(env: CheckEnv, host: string, proxies: CheckEnv['env']): Promise<RegistryAnswer> {
  return env.once(`registry ${host}`, () => ask(env, host, proxies));
}

async function ask(env: CheckEnv, host: string, proxies: CheckEnv['env']): Promise<RegistryAnswer> {
  // Like Docker, without TLS to a registry of this machine, and never through a proxy.
  const local = isLoopback(host);
  const base = host.includes('://') ? host.replace(/\/+$/, '') : `${local ? 'http' : 'https'}://${host}`;
  const { request } = await import('undici');
  const limit = new AbortController();
  const cancel = env.clock.after(PROBE_TIMEOUT_MS, () => limit.abort());
  let agent: Dispatcher | undefined;
  try {
    agent = await openDispatcher(host, {
      env: proxies,
      encrypted: !local,
      connectTimeoutMs: PROBE_TIMEOUT_MS,
    });
    const answer = await request(`${base}/v2/`, { dispatcher: agent, signal: limit.signal });
    answer.body.on('error', () => undefined).destroy();
    const date = Date.parse(String(answer.headers.date));
    const offsetMs = Number.isFinite(date) ? date - env.clock.now() : undefined;
    return { reached: true, status: answer.statusCode, offsetMs };
  } catch (thrown) {
    if (limit.signal.aborted) {
      return { reached: false, class: 'network_timeout', reason: `no answer within ${PROBE_TIMEOUT_MS / 1000} s` };
    }
    return { reached: false, class: classifyError(thrown), reason: deepestMessage(thrown) };
  } finally {
    cancel();
    await agent?.destroy();
  }
}
