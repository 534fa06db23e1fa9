import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer as createPlain, type RequestListener, type Server } from 'node:http';
import { createServer as createSecure } from 'node:https';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { createHttpClient, reasonOf } from '../../../src/telemetry/delivery/http.ts';
import { makeTempFolder } from '../../support/temp-folder.ts';

const servers: Server[] = [];
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
});

async function listen(server: Server): Promise<number> {
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

const echo: RequestListener = (request, response) =>
  response.setHeader('x-said', 'yes').end(`${request.method} ${request.headers.authorization ?? ''}`);

/** A proxy that leads every name to one port, and notes what it was asked for. */
async function startProxy(to: number): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = [];
  const proxy = createPlain();
  proxy.on('connect', (request, socket) => {
    asked.push(request.url ?? '');
    const through = connect(to, '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      through.pipe(socket).pipe(through);
    });
    for (const end of [socket, through]) end.on('error', () => end.destroy());
  });
  return { url: `http://127.0.0.1:${await listen(proxy)}`, asked };
}

/** A certificate for a name, which no system trusts. */
async function makeCertificate(name: string): Promise<{ cert: string; key: string; certFile: string }> {
  const folder = await makeTempFolder();
  const [certFile, keyFile] = [join(folder, 'cert.pem'), join(folder, 'key.pem')];
  const subject = ['-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name},IP:127.0.0.1`];
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1'];
  const args = ['req', '-x509', ...curve, '-nodes', '-days', '2', ...subject];
  execFileSync('openssl', [...args, '-keyout', keyFile, '-out', certFile], { stdio: 'ignore' });
  return { cert: readFileSync(certFile, 'utf8'), key: readFileSync(keyFile, 'utf8'), certFile };
}

test('sends the credentials of its endpoint', async () => {
  const url = `http://127.0.0.1:${await listen(createPlain(echo))}`;
  const client = await createHttpClient({ url, headers: { Authorization: 'Bearer t' } }, {});
  const answer = await client(url, { method: 'GET', signal: AbortSignal.timeout(15_000) });
  expect(answer).toMatchObject({ status: 200, body: 'GET Bearer t', headers: { 'x-said': 'yes' } });
});

test('trusts a private CA where it is told to, and only there', async () => {
  const { cert, key, certFile } = await makeCertificate('localhost');
  const url = `https://127.0.0.1:${await listen(createSecure({ cert, key }, echo))}`;
  const strict = await createHttpClient({ url, headers: {} }, {});
  await expect(strict(url, { method: 'GET', signal: AbortSignal.timeout(15_000) })).rejects.toMatchObject({
    code: 'DEPTH_ZERO_SELF_SIGNED_CERT',
  });
  const trusting = await createHttpClient({ url, headers: {}, caFile: certFile }, {});
  expect((await trusting(url, { method: 'POST', body: 'x', signal: AbortSignal.timeout(15_000) })).status).toBe(200);
});

test('a CA file that is not there is told', async () => {
  const caFile = join(await makeTempFolder(), 'none.pem');
  const failed = createHttpClient({ url: 'https://h', headers: {}, caFile }, {});
  expect(reasonOf(await failed.catch((thrown: unknown) => thrown))).toContain('ENOENT');
});

test('goes through the proxy of the environment, but not to this machine or to what NO_PROXY names', async () => {
  const { cert, key, certFile } = await makeCertificate('backend.test');
  const [plain, secure] = [await listen(createPlain(echo)), await listen(createSecure({ cert, key }, echo))];
  const [toPlain, toSecure] = [await startProxy(plain), await startProxy(secure)];
  // One with its scheme, one without.
  const env = { HTTP_PROXY: toPlain.url, HTTPS_PROXY: new URL(toSecure.url).host, NO_PROXY: 'other.test' };
  const get = async (url: string, caFile?: string) => {
    const endpoint = { url, headers: { Authorization: 'Bearer t' }, ...(caFile === undefined ? {} : { caFile }) };
    return (await (await createHttpClient(endpoint, env))(url, { method: 'GET', signal: AbortSignal.timeout(15_000) }))
      .body;
  };
  expect(await get('http://backend.test:8080/x')).toBe('GET Bearer t');
  expect(await get('https://backend.test/x', certFile)).toBe('GET Bearer t');
  expect(await get(`http://127.0.0.1:${plain}/x`)).toBe('GET Bearer t');
  await expect(get('http://other.test/x')).rejects.toThrow();
  expect([...toPlain.asked, ...toSecure.asked]).toEqual(['backend.test:8080', 'backend.test:443']);
});

test('a redirect comes back as it is', async () => {
  const url = `http://127.0.0.1:${await listen(createPlain((_request, response) => response.writeHead(302, { location: '/login' }).end()))}`;
  const client = await createHttpClient({ url, headers: {} }, {});
  expect((await client(url, { method: 'GET', signal: AbortSignal.timeout(15_000) })).status).toBe(302);
});
