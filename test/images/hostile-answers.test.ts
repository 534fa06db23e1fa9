import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { inspectImage } from '../../src/images/inspect-image.ts';
import { parsePlatform } from '../../src/images/platform.ts';
import { parseReference } from '../../src/images/reference.ts';
import { type HttpSite, type Page, startSite } from '../support/http-site.ts';
import { openTestApi } from './support.ts';

const AMD64 = parsePlatform('linux/amd64');
const INDEX = 'application/vnd.oci.image.index.v1+json';
const MANIFEST = 'application/vnd.oci.image.manifest.v1+json';

async function siteWith(page: Page, more: Record<string, Page> = {}): Promise<HttpSite> {
  const site = await startSite({ '/v2/us/app/manifests/1': page, ...more });
  onTestFinished(() => site.close());
  return site;
}

const inspect = (url: string, stallTimeoutMs = 15_000) =>
  inspectImage(openTestApi({ stallTimeoutMs }), parseReference(`${new URL(url).host}/us/app:1`), AMD64);
const answer =
  (type: string, body: string | Buffer): Page =>
  (_request, response) =>
    void response.writeHead(200, { 'content-type': type }).end(body);

describe('a registry that answers with', () => {
  it.each([
    ['HTML', answer('text/html', '<html>Please log in</html>'), /is not an image manifest: it is not JSON/],
    ['nothing', answer(INDEX, ''), /is not an index: it is not JSON/],
    ['another shape', answer(INDEX, '{"manifests":{}}'), /is not an index: manifests/],
    [
      'a digest that is a path',
      answer(MANIFEST, '{"config":{"mediaType":"a","digest":"../../x","size":1},"layers":[]}'),
      /config\.digest/,
    ],
    [
      'an index of nothing',
      answer(INDEX, '{"manifests":[]}'),
      /is not made for linux\/amd64, but for none that it names/,
    ],
    ['far too much', answer(INDEX, Buffer.alloc(5 << 20, 32)), /larger than/],
    [
      'no end',
      (request, response) => void (request.method === 'HEAD' ? response.end() : response.writeHead(200).write('{')),
      /registry 127/,
    ],
    [
      'itself for ever',
      (_request, response) => void response.writeHead(307, { location: '/v2/us/app/manifests/1' }).end(),
      /the registry fails \(307\)/,
    ],
  ] satisfies [string, Page, RegExp][])('%s is a clear error', async (what, page, message) => {
    const site = await siteWith(page);
    const failure = await inspect(site.url, what === 'no end' ? 1_000 : undefined).then(
      () => expect.fail(),
      (thrown: unknown) => thrown,
    );
    expect(failure).toMatchObject({ name: 'InstallerError', message: expect.stringMatching(message) });
  });

  it('another host gets no login of ours from it', async () => {
    const logins: (string | undefined)[] = [];
    const other = await startSite({
      '/blob': (request, response) => {
        logins.push(request.headers.authorization);
        response.end('{}');
      },
    });
    onTestFinished(() => other.close());
    const site = await siteWith((request, response) => {
      if (request.headers.authorization === undefined) {
        response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
      } else response.writeHead(307, { location: `${other.url}/blob` }).end();
    });
    const api = openTestApi({ credentials: async () => ({ username: 'u', password: 'p' }) });
    const image = parseReference(`${new URL(site.url).host}/us/app:1`);
    await expect(inspectImage(api, image, AMD64)).rejects.toThrow();
    expect(logins.length).toBeGreaterThan(0);
    expect(logins.every((login) => login === undefined)).toBe(true);
  });
});

it('images without a host are asked for at Docker Hub, through the proxy', async () => {
  const asked: string[] = [];
  const proxy = createServer().on('connect', (request, socket) => {
    asked.push(request.url ?? '');
    socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  onTestFinished(() => void proxy.close());
  const HTTPS_PROXY = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  const api = openTestApi({ env: { HTTPS_PROXY } });
  await expect(inspectImage(api, parseReference('busybox'), AMD64)).rejects.toMatchObject({ name: 'InstallerError' });
  expect(asked).toEqual(['registry-1.docker.io:443']);
});
