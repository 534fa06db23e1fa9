import { Agent, createServer, type IncomingMessage, type Server } from 'node:http';
import { type Duplex, duplexPair } from 'node:stream';
import { gunzipSync } from 'node:zlib';

/** A request of an exporter, as a collector would get it. */
export interface OtlpRequest {
  /** `/v1/traces`, `/v1/logs` or `/v1/metrics`. */
  path: string;
  contentType: string;
  body: Buffer;
}

/**
 * An HTTP agent whose connections end in this process: the exporters of OpenTelemetry send through it as if to a
 * collector, with no socket, no port and no way to fail, and what they send is taken by `receive`.
 */
export function createInProcessAgent(receive: (request: OtlpRequest) => void): Agent {
  const server = createServer(async (request, response) => {
    const body = await readBody(request);
    const contentType = request.headers['content-type'] ?? '';
    receive({
      path: request.url ?? '',
      contentType,
      body: request.headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body,
    });
    // An empty answer is a full success (https://opentelemetry.io/docs/specs/otlp/#full-success-1).
    response.writeHead(200, { 'Content-Type': contentType }).end(contentType === 'application/json' ? '{}' : '');
  });
  return new InProcessAgent(server);
}

class InProcessAgent extends Agent {
  private readonly server: Server;

  constructor(server: Server) {
    super({ keepAlive: false });
    this.server = server;
  }

  override createConnection(): Duplex {
    const [near, far] = duplexPair();
    this.server.emit('connection', asSocket(far));
    return asSocket(near);
  }
}

/** What the HTTP modules ask of a socket besides a stream; nothing of it means anything without a network. */
function asSocket(stream: Duplex): Duplex {
  const same = () => stream;
  return Object.assign(stream, { setTimeout: same, setNoDelay: same, setKeepAlive: same, ref: same, unref: same });
}

async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const [only] = chunks;
  return chunks.length === 1 && only !== undefined ? only : Buffer.concat(chunks);
}
