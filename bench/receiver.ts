import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** How a receiver of OTLP over HTTP treats who sends to it. */
export type Manner = 'healthy' | 'dead' | 'black hole' | 'slow' | '503';

export interface Receiver {
  endpoint: string;
  close(): void;
}

const SLOW_MS = 5_000;

/** Takes everything at once (healthy), listens no more (dead), never answers (black hole), or answers late or with an error. */
export async function startReceiver(manner: Manner): Promise<Receiver> {
  const sockets = new Set<Socket>();
  const http = createServer(async (request, response) => {
    request.resume();
    await once(request, 'end').catch(() => undefined);
    if (manner === 'slow') await sleep(SLOW_MS, undefined, { ref: false });
    response.writeHead(manner === '503' ? 503 : 200, { 'Content-Type': 'application/json' }).end('{}');
  });
  const server = manner === 'black hole' ? createTcpServer() : http;
  server.on('connection', (socket: Socket) => {
    sockets.add(socket.on('error', () => undefined).on('close', () => sockets.delete(socket)));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  if (manner === 'dead') await once(server.close(), 'close');
  return {
    endpoint: `http://127.0.0.1:${port}`,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
