import { once } from 'node:events';
import { createServer, get, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A body, or a handler that may misbehave as it likes. */
export type Page = string | Buffer | ((request: IncomingMessage, response: ServerResponse) => void);

/** A small web site on a free loopback port, playing the remote. */
export interface HttpSite {
  url: string;
  /** By path; any other is 404. May be changed while it runs. */
  pages: Record<string, Page>;
  /** Paths asked for, in order. */
  requests: string[];
  /** Resolves when it has heard every request that was sent before, even by a process that has ended since. */
  settled(): Promise<void>;
  close(): Promise<void>;
}

/** Asked by its own test alone. */
const SETTLED = '/is-it-settled';

export async function startSite(pages: Record<string, Page> = {}): Promise<HttpSite> {
  const requests: string[] = [];
  const serve: RequestListener = (request, response) => {
    const path = request.url ?? '';
    if (path === SETTLED) return void response.end();
    requests.push(path);
    const page = pages[path];
    if (page === undefined) response.writeHead(404).end('no such page');
    else if (typeof page === 'function') page(request, response);
    else response.end(page);
  };
  const server = createServer(serve);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    pages,
    requests,
    async settled() {
      // The first stands behind all connections that were made before, the second behind what was sent over them.
      for (let asked = 0; asked < 2; asked += 1) {
        const [answer] = await once(get(`http://127.0.0.1:${port}${SETTLED}`, { agent: false }), 'response');
        await once((answer as IncomingMessage).resume(), 'end');
      }
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
