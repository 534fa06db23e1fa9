import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';

/** One request for the file. */
export interface Asked {
  /** First byte that was asked for; undefined: the whole file. */
  from: number | undefined;
  ifRange: string | undefined;
  status: number;
  /** Bytes of the body that went into the connection; some of them may never have arrived. */
  served: number;
}

/** A real server of one large file, which is never in memory; it can be told to change, or to know no ranges. */
export interface FileServer {
  /** Of the file. */
  url: string;
  /** Host and port. */
  address: string;
  size: number;
  sha256: string;
  asked: Asked[];
  /** Connections that were busy at the same time, at most. */
  most: number;
  etag: string | undefined;
  ranges: boolean;
  /** Answers in its place; true when it has. */
  instead?: (request: IncomingMessage, response: ServerResponse, count: number) => boolean;
  /** A part of the file. */
  bytes(from: number, to: number): Buffer;
  /** The next content: another one. */
  change(): void;
  close(): Promise<void>;
}

const BLOCK = 1 << 20;

/** @param tls key and certificate (PEM) for `localhost`, where it shall speak https */
export async function startFileServer(size: number, tls?: { key: string; cert: string }): Promise<FileServer> {
  let base = randomBytes(2 * BLOCK);
  /** Every block is another one: bytes at a wrong place are found. */
  const piece = (from: number, to: number): Buffer => {
    const block = Math.floor(from / BLOCK);
    const end = Math.min(to, (block + 1) * BLOCK);
    const start = (block * 4099) % BLOCK;
    return base.subarray(start + (from - block * BLOCK), start + (end - block * BLOCK));
  };
  let version = 1;
  let busy = 0;
  const listen = (request: IncomingMessage, response: ServerResponse): void => {
    if (file.instead?.(request, response, file.asked.length + 1) === true) {
      file.asked.push({ from: undefined, ifRange: undefined, status: response.statusCode, served: 0 });
      return;
    }
    void serve(request, response);
  };
  const server = tls === undefined ? createServer(listen) : createTlsServer(tls, listen);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const file: FileServer = {
    url: tls === undefined ? `http://${address}/file.bin` : `https://localhost:${address.split(':')[1]}/file.bin`,
    address,
    size,
    sha256: sumOf(size, piece),
    asked: [],
    most: 0,
    etag: '"v1"',
    ranges: true,
    bytes: (from, to) => {
      const pieces: Buffer[] = [];
      for (let at = from; at < to; at += pieces.at(-1)?.length ?? 0) pieces.push(piece(at, to));
      return Buffer.concat(pieces);
    },
    change() {
      base = randomBytes(2 * BLOCK);
      version += 1;
      file.etag = `"v${version}"`;
      file.sha256 = sumOf(size, piece);
    },
    async close() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return file;

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { range, 'if-range': condition } = request.headers;
    const ifRange = condition === undefined ? undefined : String(condition);
    const [, start, last] = /^bytes=(\d+)-(\d*)$/.exec(range ?? '') ?? [];
    const part = file.ranges && start !== undefined && (ifRange === undefined || ifRange === file.etag);
    const from = part ? Number(start) : 0;
    const to = part && last ? Math.min(size, Number(last) + 1) : size;
    const asked: Asked = {
      from: start === undefined ? undefined : Number(start),
      ifRange,
      status: part ? 206 : 200,
      served: 0,
    };
    file.asked.push(asked);
    response.writeHead(asked.status, {
      'content-length': to - from,
      ...(file.etag === undefined ? {} : { etag: file.etag }),
      ...(file.ranges ? { 'accept-ranges': 'bytes' } : {}),
      ...(part ? { 'content-range': `bytes ${from}-${to - 1}/${size}` } : {}),
    });
    busy += 1;
    file.most = Math.max(file.most, busy);
    response.once('close', () => {
      busy -= 1;
    });
    for (let at = from; at < to && !response.destroyed; ) {
      const bytes = piece(at, to);
      at += bytes.length;
      asked.served += bytes.length;
      if (!response.write(bytes)) {
        const waiting = new AbortController();
        const until = (event: string) => once(response, event, { signal: waiting.signal }).catch(() => undefined);
        await Promise.race([until('drain'), until('close')]);
        waiting.abort();
      }
    }
    if (!response.destroyed) response.end();
  }
}

function sumOf(size: number, piece: (from: number, to: number) => Buffer): string {
  const hash = createHash('sha256');
  for (let at = 0; at < size; ) {
    const bytes = piece(at, size);
    hash.update(bytes);
    at += bytes.length;
  }
  return hash.digest('hex');
}
