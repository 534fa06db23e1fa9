import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What is done to a request instead of, or while, passing it on; undefined: it is passed on. */
export type Fault =
  | { status: number; headers?: Record<string, string>; body?: string }
  /** The connection is cut after so many bytes of the answer's body. */
  | { cutAfter: number }
  /** Every byte of the answer's body is replaced by another. */
  | { garble: true }
  | undefined;

export interface FaultyWay {
  url: string;
  host: string;
  /** Decides about each request; may be replaced at any time. */
  fault: (request: { method: string; path: string; headers: IncomingMessage['headers'] }) => Fault;
  /** `METHOD path` of all requests, in order. */
  requests: string[];
  close(): Promise<void>;
}

/** A way to an HTTP server on which it misbehaves as a test wants. @param to address of the server */
export async function startFaultyWay(to: string): Promise<FaultyWay> {
  const server = createServer((incoming, response) => {
    const { method = '', url: path = '', headers } = incoming;
    way.requests.push(`${method} ${path}`);
    const fault = way.fault({ method, path, headers });
    if (fault !== undefined && 'status' in fault) {
      incoming.resume();
      response.writeHead(fault.status, fault.headers).end(fault.body);
      return;
    }
    passOn(to, incoming, response, fault);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const way: FaultyWay = {
    url: `http://${host}`,
    host,
    fault: () => undefined,
    requests: [],
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return way;
}

function passOn(to: string, incoming: IncomingMessage, response: ServerResponse, fault: Fault): void {
  const { method, headers, url: path } = incoming;
  // The host as the client said it: the server answers with addresses that lead back here.
  const onward = request(to + path, { method, headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    let passed = 0;
    answer.on('data', (chunk: Buffer) => {
      if (fault !== undefined && 'cutAfter' in fault) {
        const part = chunk.subarray(0, Math.max(0, fault.cutAfter - passed));
        passed += part.length;
        response.write(part);
        if (part.length < chunk.length) setImmediate(() => response.destroy());
        return;
      }
      response.write(fault !== undefined && 'garble' in fault ? chunk.map((byte) => byte ^ 1) : chunk);
    });
    answer.on('end', () => response.end());
    answer.on('error', () => response.destroy());
  });
  onward.on('error', () => response.destroy());
  response.on('close', () => onward.destroy());
  incoming.pipe(onward);
}
