import { once } from 'node:events';
import { createServer as createWebServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { refuseStranger } from './answer.ts';
import type { TlsFiles } from './certificates.ts';

/** Addresses (host:port on the loopback) of peers that fail, each in its own way. */
export interface Peers {
  /** Nobody listens. */
  closed: string;
  /** Accepts and never answers. */
  silent: string;
  /** Resets each connection when it has been asked something. */
  reset: string;
  /** Ends each connection when it has been asked something. */
  hangUp: string;
  /** Promises a body, sends a piece and hangs up. */
  half: string;
  /** Promises a body, sends a piece and falls silent. */
  stall: string;
  /** Answers as `answer` says. */
  web: string;
  /** Wants a login for everything. */
  login: string;
  /** HTTPS with a certificate that nobody signed. */
  selfSigned: string;
  /** HTTPS with a certificate that ended long ago. */
  expired: string;
  /** HTTPS with a certificate of another name. */
  otherName: string;
  close(): Promise<void>;
}

const PIECE = 'HTTP/1.1 200 OK\r\nContent-Type: application/octet-stream\r\nContent-Length: 1000000\r\n\r\nsome bytes';

/** Starts all of them on free ports. */
export async function startPeers(answer: RequestListener, tls: TlsFiles): Promise<Peers> {
  const servers: Server[] = [];
  const sockets = new Set<Socket>();
  const start = async (server: Server): Promise<string> => {
    server.on('connection', (socket: Socket) => {
      sockets.add(socket.on('error', () => {}).on('close', () => sockets.delete(socket)));
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    servers.push(server);
    return `127.0.0.1:${(server.address() as AddressInfo).port}`;
  };
  const onAsked = (act: (socket: Socket) => void) =>
    start(createServer((socket) => socket.once('data', () => act(socket))));
  const gone = createServer();
  const closed = await start(gone);
  servers.pop();
  gone.close();
  return {
    closed,
    silent: await onAsked(() => {}),
    reset: await onAsked((socket) => socket.resetAndDestroy()),
    hangUp: await onAsked((socket) => socket.end()),
    half: await onAsked((socket) => socket.end(PIECE)),
    stall: await onAsked((socket) => socket.write(PIECE)),
    web: await start(createWebServer(answer)),
    login: await start(createWebServer((_, response) => refuseStranger(response))),
    selfSigned: await start(createTlsServer(tls.selfSigned, answer)),
    expired: await start(createTlsServer(tls.expired, answer)),
    otherName: await start(createTlsServer(tls.otherName, answer)),
    async close() {
      for (const socket of sockets) socket.destroy();
      await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
    },
  };
}
