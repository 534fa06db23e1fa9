import { once } from 'node:events';
import { createServer } from 'node:net';
import { basename } from 'node:path';
import { listenerOf, type PortListener } from '../../../system/port-listener.ts';
import type { Check, CheckEnv, Finding } from '../check.ts';

export interface PortRequirement {
  /** Who needs it. */
  name: string;
  port: number;
  /** How another one is chosen. Default: by `--port NAME=PORT`. */
  choose?(port: number | 'PORT'): string;
  /** Whether what holds the port belongs to this very installation: then it is as good as free. */
  isOurs?(port: number, listener: PortListener | undefined, env: CheckEnv): Promise<boolean> | boolean;
  until?: string;
}

const ADDRESS = '127.0.0.1';
/** Ports tried after a taken one, to propose one that is free. */
const NEIGHBOURS = 20;

/** Whether a port of the loopback address can be had; if not, who holds it. */
export function portCheck(required: PortRequirement): Check {
  const { name, port, until } = required;
  const run = (env: CheckEnv) => checkPort(required, env);
  return { id: `port-${name}`, title: `port ${port} (${name})`, ...(until === undefined ? {} : { until }), run };
}

async function checkPort({ name, port, choose, isOurs }: PortRequirement, env: CheckEnv): Promise<Finding> {
  const another = choose ?? ((other: number | 'PORT') => `--port ${name}=${other}`);
  // What one check needs or proposes, no other may propose: the user will follow all of them at once.
  const spokenFor = await env.once('ports', async () => new Set<number>());
  spokenFor.add(port);
  const code = await tryPort(port);
  if (code === undefined) return { level: 'ok', message: 'free' };
  if (code === 'EACCES') {
    const hint = `choose one above 1023: ${another('PORT')}`;
    return { level: 'error', message: 'needs rights that this user does not have', hint };
  }
  if (code !== 'EADDRINUSE') {
    return { level: 'error', message: `cannot be used: ${code}`, hint: `choose another: ${another('PORT')}` };
  }
  const listener = listenerOf(port);
  if ((await isOurs?.(port, listener, env)) === true) return { level: 'ok', message: 'held by this installation' };
  const free = await findFree(port + 1, spokenFor);
  const other = another(free ?? 'PORT');
  return {
    level: 'error',
    message: `is held by ${describeHolder(listener)}`,
    hint: `${stopHint(port, listener)}, or ${other}`,
  };
}

/** @returns undefined when the port could be bound, else the errno */
async function tryPort(port: number): Promise<string | undefined> {
  const server = createServer();
  try {
    server.listen({ port, host: ADDRESS, exclusive: true });
    await once(server, 'listening');
    server.close();
    await once(server, 'close');
    // Elsewhere an address can be bound although somebody listens on all addresses of that port.
    return process.platform !== 'linux' && listenerOf(port) !== undefined ? 'EADDRINUSE' : undefined;
  } catch (thrown) {
    return thrown instanceof Error && 'code' in thrown ? String(thrown.code) : String(thrown);
  }
}

async function findFree(from: number, spokenFor: Set<number>): Promise<number | undefined> {
  for (let port = from; port < Math.min(from + NEIGHBOURS, 65_536); port += 1) {
    if (spokenFor.has(port)) continue;
    spokenFor.add(port);
    if ((await tryPort(port)) === undefined) return port;
  }
  return undefined;
}

/** Program and pid only: arguments can hold passwords. */
function describeHolder(listener: PortListener | undefined): string {
  const holder = listener?.process;
  if (holder === undefined) return 'a process of another user';
  return `${basename(holder.cmdline[0] ?? '') || 'a process'} (pid ${holder.pid})`;
}

function stopHint(port: number, listener: PortListener | undefined): string {
  const holder = listener?.process;
  if (holder === undefined) return `see who it is with: sudo ss -ltnp 'sport = :${port}'`;
  if (basename(holder.cmdline[0] ?? '') === 'docker-proxy')
    return `stop the container (docker ps --filter publish=${port})`;
  return `stop it (kill ${holder.pid})`;
}
