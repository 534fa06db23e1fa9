import { connect, isIP, type OnReadOpts, type Socket } from 'node:net';
import type { SecureContext } from 'node:tls';
import { classifyStatus } from '../../../errors/classify-error.ts';
import { InstallerError } from '../../../errors/installer-error.ts';
import { createAnswerParser } from './parse-answer.ts';
import { basicCredentials } from './proxy.ts';

export interface ConnectOptions {
  url: URL;
  proxy: URL | undefined;
  /** Undefined: the usual ones. */
  authorities: SecureContext | undefined;
  /** Where everything goes that is read once the connection stands. */
  onread: OnReadOpts;
  /** Destroys what was begun. */
  signal: AbortSignal;
}

export interface Connection {
  socket: Socket;
  /** It reads by `onread`; else it emits `data`: Node.js has no such buffer for TLS inside of another socket. */
  buffered: boolean;
}

/** A connection over which the server of `url` can be asked, directly or through a proxy. @throws as sockets do */
export async function connectTo(options: ConnectOptions): Promise<Connection> {
  const { url, proxy, authorities, onread, signal } = options;
  const encrypted = url.protocol === 'https:';
  if (proxy === undefined) {
    const socket = encrypted
      ? await openTls({ url, authorities, signal, onread })
      : await openPlain({ ...placeOf(url), onread }, signal);
    return { socket, buffered: true };
  }
  const toProxy = (more: { onread?: OnReadOpts }) =>
    proxy.protocol === 'https:'
      ? openTls({ url: proxy, authorities, signal, ...more })
      : openPlain({ ...placeOf(proxy), ...more }, signal);
  if (!encrypted) return { socket: await toProxy({ onread }), buffered: true };
  const way = await toProxy({});
  await openTunnel(way, url, proxy, signal);
  return { socket: await openTls({ url, authorities, signal, socket: way }), buffered: false };
}

/** Host and port behind an address. */
function placeOf({ protocol, hostname, port }: URL): { host: string; port: number } {
  const usual = protocol === 'https:' ? 443 : 80;
  return { host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? usual : Number(port) };
}

function openPlain(options: { host: string; port: number; onread?: OnReadOpts }, signal: AbortSignal): Promise<Socket> {
  const socket = connect(options);
  return opened(socket, 'connect', signal);
}

async function openTls(options: {
  url: URL;
  authorities: SecureContext | undefined;
  signal: AbortSignal;
  onread?: OnReadOpts;
  socket?: Socket;
}): Promise<Socket> {
  const { url, authorities, signal, onread, socket } = options;
  const place = placeOf(url);
  // Loaded when needed: it costs ten megabytes.
  const tls = await import('node:tls');
  const made = tls.connect({
    ...place,
    ALPNProtocols: ['http/1.1'],
    ...(isIP(place.host) === 0 ? { servername: place.host } : {}),
    ...(authorities === undefined ? {} : { secureContext: authorities }),
    ...(socket === undefined ? {} : { socket }),
    // Its types lack what its documentation says it takes of a plain socket.
    ...(onread === undefined ? {} : ({ onread } as object)),
  });
  return await opened(made, 'secureConnect', signal);
}

function opened<S extends Socket>(socket: S, event: 'connect' | 'secureConnect', signal: AbortSignal): Promise<S> {
  return new Promise((resolve, reject) => {
    const stop = () => socket.destroy(signal.reason as Error);
    const settle = (act: () => void) => () => {
      signal.removeEventListener('abort', stop);
      act();
    };
    const done = settle(() => {
      socket.off('error', failed).off('close', closed);
      resolve(socket);
    });
    const failed = (error: Error) => settle(() => reject(error))();
    const closed = settle(() =>
      reject(
        new InstallerError('step_failed', 'the connection was closed before it stood', { class: 'network_reset' }),
      ),
    );
    if (signal.aborted) stop();
    signal.addEventListener('abort', stop, { once: true });
    socket.once('error', failed).once('close', closed).once(event, done);
  });
}

/** Asks a proxy to pass everything on (RFC 9110, section 9.3.6). @throws InstallerError when it does not want to */
async function openTunnel(way: Socket, url: URL, proxy: URL, signal: AbortSignal): Promise<void> {
  const { host, port } = placeOf(url);
  const name = `${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
  const login = basicCredentials(proxy);
  const lines = [`CONNECT ${name} HTTP/1.1`, `Host: ${name}`, 'User-Agent: contextcore-installer'];
  if (login !== undefined) lines.push(`Proxy-Authorization: ${login}`);
  way.write(`${lines.join('\r\n')}\r\n\r\n`);
  const status = await new Promise<number>((resolve, reject) => {
    const parser = createAnswerParser({ onHead: (head) => resolve(head.status), onBody: () => undefined });
    const stop = () => way.destroy(signal.reason as Error);
    signal.addEventListener('abort', stop, { once: true });
    const closed = new InstallerError('step_failed', `the proxy ${proxy.host} closed the connection`, {
      class: 'network_reset',
    });
    way.once('error', reject).once('close', () => reject(closed));
    way.once('data', function read(bytes: Buffer) {
      try {
        parser.feed(bytes);
        signal.removeEventListener('abort', stop);
      } catch (thrown) {
        reject(thrown);
      }
    });
  });
  way.removeAllListeners('close').removeAllListeners('error').pause();
  if (status >= 200 && status < 300) return;
  way.destroy();
  throw new InstallerError('step_failed', `the proxy ${proxy.host} does not lead to ${name}: it answered ${status}`, {
    class: classifyStatus(status),
    hint: 'check HTTPS_PROXY; a name and password belong into it: http://NAME:PASSWORD@HOST:PORT',
  });
}
