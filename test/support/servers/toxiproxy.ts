import { findFreePort } from '../free-port.ts';
import { type RunningServer, startServer } from './start-server.ts';

export const TOXIPROXY = ['toxiproxy-server'];

/** A way to a server whose connections can be spoiled. */
export interface SpoiledWay {
  /** Without a path. */
  url: string;
  /** Adds a fault (https://github.com/Shopify/toxiproxy#toxics), in the direction from the server unless said. */
  spoil(type: string, attributes: Record<string, number>, stream?: 'upstream' | 'downstream'): Promise<void>;
  /** Cuts it off, or opens it again without any fault. */
  enable(enabled: boolean): Promise<void>;
  stop(): Promise<void>;
}

/** What a network can do to every request. */
export const NETWORK_FAULTS: readonly [name: string, spoil: (way: SpoiledWay) => Promise<void>][] = [
  ['a latency of 5 s', (way) => way.spoil('latency', { latency: 5000 })],
  ['resets', (way) => way.spoil('reset_peer', { timeout: 0 })],
  ['half an answer', (way) => way.spoil('limit_data', { bytes: 20 })],
  ['1 KB/s', (way) => way.spoil('bandwidth', { rate: 1 }, 'upstream')],
  ['no answer at all', (way) => way.spoil('timeout', { timeout: 0 })],
  ['nobody there', (way) => way.enable(false)],
];

/** @param to host and port */
export async function startSpoiledWay(to: string): Promise<SpoiledWay> {
  const [apiPort, port] = [await findFreePort(), await findFreePort()];
  const server: RunningServer = await startServer({
    programs: TOXIPROXY,
    port: apiPort,
    args: () => ['-host', '127.0.0.1', '-port', String(apiPort)],
    ready: '/version',
  });
  const ask = async (method: string, path: string, body?: object): Promise<Response> => {
    const answer = await fetch(server.url + path, { method, ...(body ? { body: JSON.stringify(body) } : {}) });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer;
  };
  await ask('POST', '/proxies', { name: 'way', listen: `127.0.0.1:${port}`, upstream: to, enabled: true });
  return {
    url: `http://127.0.0.1:${port}`,
    async spoil(type, attributes, stream = 'downstream') {
      await ask('POST', '/proxies/way/toxics', { type, attributes, stream });
    },
    async enable(enabled) {
      const toxics = (await (await ask('GET', '/proxies/way/toxics')).json()) as { name: string }[];
      for (const { name } of toxics) await ask('DELETE', `/proxies/way/toxics/${name}`);
      await ask('POST', '/proxies/way', { enabled });
    },
    stop: () => server.stop(),
  };
}
