import { dirname } from 'node:path';
import type { ChildHandle, SpawnRequest } from '../engine/ports.ts';
import { ForkServer } from './fork-server.ts';

/** Children that are started without it first: fewer do not earn what starting a server costs. */
const WORTH_IT = 4;
/** Servers at once; what is started beyond them is started without. */
const MOST = 16;

export interface ForkPool {
  /** Starts a child by a server that is free now; undefined where none is. */
  spawn(request: SpawnRequest, log: string): ChildHandle | undefined;
}

/**
 * Fork servers for those who start many children: as many as run at once, and about as many that get the next one ready
 * meanwhile. None where there is no Perl.
 */
export function createForkPool(): ForkPool {
  let servers: ForkServer[] = [];
  let startedWithout = 0;
  let isPossible = true;
  const start = (env: SpawnRequest['env'], logs: string): void => {
    try {
      servers.push(new ForkServer(env, logs));
    } catch {
      isPossible = false;
    }
  };
  return {
    spawn(request, log) {
      const free = servers.find((server) => server.isReady);
      if (free !== undefined && isSendable(request, log)) return free.run(request, log);
      startedWithout += 1;
      isPossible &&= servers.every((server) => !server.isOver || server.hasServed);
      servers = servers.filter((server) => !server.isOver);
      if (
        isPossible &&
        startedWithout > WORTH_IT &&
        servers.length < MOST &&
        servers.every(({ hasServed }) => hasServed)
      )
        start(request.env, dirname(log));
      return undefined;
    },
  };
}

/** No program can be given a zero byte, and Node.js says so. */
function isSendable({ file, args, cwd, env }: SpawnRequest, log: string): boolean {
  if (hasZero(file) || hasZero(log) || (cwd !== undefined && hasZero(cwd)) || args.some(hasZero)) return false;
  for (const name in env) if (hasZero(env[name] as string)) return false;
  return true;
}

const hasZero = (text: string): boolean => text.includes('\0');
