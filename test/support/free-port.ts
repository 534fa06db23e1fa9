import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below what systems give to outgoing connections and to servers that ask for any port, and above usual servers. */
const [FIRST, LAST] = [16_000, 29_999];

/** Two are never the same. */
const given = new Set<number>();

/** A TCP port of the loopback address that nobody holds now, nor comes upon by chance until it is used. */
export async function findFreePort(): Promise<number> {
  for (;;) {
    const port = FIRST + Math.floor(Math.random() * (LAST - FIRST + 1));
    if (given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}
