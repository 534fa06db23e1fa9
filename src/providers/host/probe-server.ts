import { listenerOf } from '../../system/port-listener.ts';
import type { Server } from './components.ts';

/** How a server answers: `starting` is a 503 of its own, `silent` is no answer in time, `refused` is no listener. */
export type Health = 'ready' | 'starting' | 'silent' | 'refused';

const PROBE_TIMEOUT_MS = 2000;

/** Asks a server whether it is ready to serve. Proxies are not asked: it is on the loopback address. */
export async function probeServer(server: Pick<Server, 'url'>, signal: AbortSignal): Promise<Health> {
  try {
    return (await getStatus(`${server.url}/-/ready`, signal)) === 200 ? 'ready' : 'starting';
  } catch (thrown) {
    signal.throwIfAborted();
    return isRefused(thrown) ? 'refused' : 'silent';
  }
}

/** Status of an address, within two seconds. */
export async function getStatus(url: string, signal: AbortSignal): Promise<number> {
  const response = await fetch(url, { signal: AbortSignal.any([signal, AbortSignal.timeout(PROBE_TIMEOUT_MS)]) });
  await response.body?.cancel();
  return response.status;
}

/** Names who holds a port, unless it belongs to the process group `pgid`; undefined when nobody or only that one does. */
export function foreignHolder(port: number, pgid: number | undefined): string | undefined {
  const listener = listenerOf(port);
  if (listener === undefined) return undefined;
  const holder = listener.process;
  if (holder === undefined) return 'a process of another user';
  return holder.pgid === pgid ? undefined : `${holder.cmdline[0] ?? 'a process'} (pid ${holder.pid})`;
}

function isRefused(thrown: unknown): boolean {
  const cause: unknown = thrown instanceof Error ? thrown.cause : undefined;
  return cause instanceof Error && 'code' in cause && cause.code === 'ECONNREFUSED';
}
