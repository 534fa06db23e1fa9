import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { createServer as createHttpServer, request as httpRequest } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, createConnection, createServer } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { InstallerError } from '../../../src/errors/installer-error.ts';
import { type Downloaded, type DownloadRequest, downloadFile } from '../../../src/steps/download/download-file.ts';
import type { Sum } from '../../../src/steps/download/sums.ts';
import { type HttpSite, startSite } from '../../support/http-site.ts';
import { makeTempFolder } from '../../support/temp-folder.ts';
import { makeTestGuard } from '../../support/test-guard.ts';

const BODY = randomBytes(300_000);
const SUM: Sum = { algorithm: 'sha256', hex: createHash('sha256').update(BODY).digest('hex') };
const WRONG: Sum = { algorithm: 'sha256', hex: 'f'.repeat(64) };

let site: HttpSite;
beforeAll(async () => {
  site = await startSite({
    '/tool.bin': BODY,
    '/sums.txt': `${'0'.repeat(64)}  other.bin\n${SUM.hex}  tool.bin\n`,
    '/empty-sums.txt': 'nothing here',
    '/moved': (_request, response) => response.writeHead(302, { location: '/tool.bin' }).end(),
    '/cut': (_request, response) => {
      response.writeHead(200, { 'content-length': String(BODY.length) });
      response.write(BODY.subarray(0, 100_000), () => response.destroy());
    },
    '/stall': (_request, response) => {
      response.writeHead(200, { 'content-length': String(BODY.length) });
      response.write(BODY.subarray(0, 1000));
    },
    '/silent': () => undefined,
    '/busy': (_request, response) => response.writeHead(503).end(),
    '/slow-down': (_request, response) => response.writeHead(429).end(),
    '/forbidden': (_request, response) => response.writeHead(403).end(),
    '/huge': (_request, response) => response.writeHead(200, { 'content-length': String(2 ** 50) }).write('x'),
  });
});
afterAll(() => site.close());

async function request(path: string, more: Partial<DownloadRequest> = {}): Promise<DownloadRequest> {
  const output = join(await makeTempFolder(), 'bin', 'tool');
  return {
    urls: [`${site.url}${path}`],
    output,
    env: {},
    policy: { attempts: 1 },
    signal: new AbortController().signal,
    ...more,
  };
}

const fetchIt = (download: DownloadRequest): Promise<Downloaded> => downloadFile(makeTestGuard().guard, download);

async function failureOf(download: DownloadRequest): Promise<InstallerError> {
  const thrown: unknown = await fetchIt(download).catch((error: unknown) => error);
  // Whatever failed, neither a target nor a partial file may stay.
  expect(await readdir(join(download.output, '..'))).toEqual([]);
  return thrown as InstallerError;
}

describe('downloadFile', () => {
  it('writes the file with the wanted permissions, checked by the published sums', async () => {
    const download = await request('/tool.bin', { sumsUrl: `${site.url}/sums.txt`, mode: 0o755 });
    expect(await fetchIt(download)).toEqual({
      url: download.urls[0],
      sum: SUM,
      bytes: BODY.length,
      resumed: 0,
      verified: true,
    });
    expect(await readFile(download.output)).toEqual(BODY);
    expect((await stat(download.output)).mode & 0o777).toBe(0o755);
    expect(await readdir(join(download.output, '..'))).toEqual(['tool']);
  });

  it('follows redirects and tells its progress', async () => {
    const told: { bytes: number; total?: number }[] = [];
    const download = await request('/moved', { sum: SUM, onProgress: (now) => told.push(now) });
    await fetchIt(download);
    expect(told[0]?.total).toBe(BODY.length);
    expect(told[0]?.bytes).toBeGreaterThan(0);
  });

  it.each([
    ['/nothing', 'not_found'],
    ['/forbidden', 'unauthorized'],
    ['/busy', 'server_error'],
    ['/slow-down', 'rate_limited'],
    ['/cut', 'network_reset'],
    ['/huge', 'disk_full'],
  ])('%s fails as %s and leaves nothing', async (path, errorClass) => {
    expect(await failureOf(await request(path))).toMatchObject({ code: 'step_failed', class: errorClass });
  });

  it('keeps the old file and says both sums when the checksum is wrong', async () => {
    const download = await request('/tool.bin', { sum: WRONG });
    const failure = await failureOf(download);
    expect(failure.class).toBe('checksum');
    expect(failure.details.lines).toEqual([`expected sha256 ${'f'.repeat(64)}`, `received sha256 ${SUM.hex}`]);
    await writeFile(download.output, 'old');
    await expect(fetchIt(download)).rejects.toMatchObject({ class: 'checksum' });
    expect(await readFile(download.output, 'utf8')).toBe('old');
  });

  it('fetches nothing when the published sums do not name the file', async () => {
    const before = site.requests.length;
    const failure = await failureOf(await request('/tool.bin', { sumsUrl: `${site.url}/empty-sums.txt` }));
    expect(failure.class).toBe('checksum');
    expect(site.requests.slice(before)).toEqual(['/empty-sums.txt']);
  });

  it.each(['/stall', '/silent'])('gives up on %s after the stall timeout', async (path) => {
    const failure = await failureOf(await request(path, { stallTimeoutMs: 300 }));
    expect(failure.class).toBe('network_timeout');
  });

  it('tells a closed port and an unknown name apart', async () => {
    const free = createServer().listen(0, '127.0.0.1');
    await once(free, 'listening');
    const { port } = free.address() as AddressInfo;
    free.close();
    expect((await failureOf(await request('', { urls: [`http://127.0.0.1:${port}/x`] }))).class).toBe('network_reset');
    const unknown = await failureOf(await request('', { urls: ['http://no-such-host.invalid/x'] }));
    expect(unknown.class).toBe('dns');
    expect(unknown.details.hint).toContain('HTTPS_PROXY');
  });

  it('does not trust a certificate that nobody vouches for', async () => {
    const folder = await makeTempFolder();
    const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
    const request509 = [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-days',
      '1',
      '-subj',
      '/CN=localhost',
    ];
    execFileSync('openssl', [...request509, '-keyout', key, '-out', cert], { stdio: 'ignore' });
    const options = { key: await readFile(key), cert: await readFile(cert) };
    const server = createHttpsServer(options, (_request, response) => response.end(BODY)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const failure = await failureOf(await request('', { urls: [`https://localhost:${port}/tool.bin`] }));
    server.close();
    expect(failure.class).toBe('tls');
    expect(failure.details.hint).toContain('NODE_EXTRA_CA_CERTS');
  });

  it('takes the next source when one fails, and names all when all do', async () => {
    const urls = [`${site.url}/busy`, `${site.url}/tool.bin`];
    const download = await request('', { urls, sum: SUM });
    expect((await fetchIt(download)).url).toBe(urls[1]);
    const failure = await failureOf(await request('', { urls: [`${site.url}/busy`, `${site.url}/nothing`] }));
    expect(failure.class).toBe('not_found');
    expect(failure.details.lines).toHaveLength(2);
  });

  it('stops when it is aborted, with the reason given', async () => {
    const abort = new AbortController();
    const download = await request('/stall', { signal: abort.signal });
    const reason = new Error('interrupted by the user');
    const before = site.requests.length;
    const failure = failureOf(download);
    await vi.waitFor(() => expect(site.requests.length).toBeGreaterThan(before), { timeout: 10_000 });
    abort.abort(reason);
    expect(await failure).toBe(reason);
  });

  it('removes what a killed run left of the same file, and nothing else', async () => {
    const download = await request('/tool.bin');
    await fetchIt(download);
    const folder = join(download.output, '..');
    const kept = ['.other.4194305-0123abcd.part', `.tool.${process.pid}-0123abcd.part`, '.tool.part'];
    for (const name of ['.tool.4194305-0123abcd.part', ...kept]) await writeFile(join(folder, name), 'x');
    await fetchIt(download);
    expect((await readdir(folder)).sort()).toEqual([...kept, 'tool'].sort());
  });

  it('goes through the proxy of the given environment, except for NO_PROXY', async () => {
    const seen: string[] = [];
    const proxy = createHttpServer((incoming, outgoing) => {
      seen.push(incoming.url ?? '');
      httpRequest(`${site.url}/tool.bin`, (answer) => answer.pipe(outgoing)).end();
    });
    // Undici tunnels plain HTTP, too.
    proxy.on('connect', (incoming, socket) => {
      seen.push(incoming.url ?? '');
      const [, port] = site.url.split('127.0.0.1:');
      const upstream = createConnection(Number(port));
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      upstream.pipe(socket);
      socket.pipe(upstream);
      socket.on('error', () => upstream.destroy());
    });
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    const env = { HTTP_PROXY: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`, NO_PROXY: '127.0.0.1' };
    await fetchIt(await request('/tool.bin', { env, sum: SUM }));
    expect(seen).toEqual([]);
    await fetchIt(await request('', { env, urls: ['http://release.invalid/tool.bin'], sum: SUM }));
    expect(seen).toHaveLength(1);
    expect(seen[0]).toContain('release.invalid');
    proxy.closeAllConnections();
    proxy.close();
  });
});
