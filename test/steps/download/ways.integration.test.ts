import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { type AddressInfo, createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type DownloadRequest, downloadFile } from '../../../src/steps/download/download-file.ts';
import { missingPrograms } from '../../support/programs.ts';
import { startFileServer } from '../../support/servers/file-server.ts';
import { startSpoiledWay, TOXIPROXY } from '../../support/servers/toxiproxy.ts';
import { makeTempFolder } from '../../support/temp-folder.ts';
import { makeTestGuard } from '../../support/test-guard.ts';

const BODY = randomBytes(3_000_000);
const SUM = { algorithm: 'sha256' as const, hex: createHash('sha256').update(BODY).digest('hex') };
const { PATH } = process.env;

async function request(url: string, more: Partial<DownloadRequest> = {}): Promise<DownloadRequest> {
  const output = join(await makeTempFolder(), 'file');
  return { urls: [url], output, env: { PATH }, policy: { attempts: 1 }, signal: new AbortController().signal, ...more };
}

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return (server.address() as AddressInfo).port;
}

/** A server with a certificate that nobody vouches for. */
async function startTls(): Promise<{ url: string; cert: string; agents: string[] }> {
  const folder = await makeTempFolder();
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const words =
    'req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 1 -subj /CN=localhost -addext subjectAltName=DNS:localhost';
  execFileSync('openssl', [...words.split(' '), '-keyout', key, '-out', cert], { stdio: 'ignore' });
  const agents: string[] = [];
  const server = createHttpsServer({ key: await readFile(key), cert: await readFile(cert) }, (asked, response) => {
    agents.push(/^\w+/.exec(asked.headers['user-agent'] ?? '')?.[0] ?? '');
    response.end(BODY);
  });
  return { url: `https://localhost:${await listen(server as unknown as Server)}/file`, cert, agents };
}

describe.skipIf(missingPrograms('openssl'))('a private certificate authority', () => {
  it.each(['ca', 'SSL_CERT_FILE', 'NODE_EXTRA_CA_CERTS'])('is trusted when %s names it', async (name) => {
    const { url, cert, agents } = await startTls();
    await downloadFile(
      makeTestGuard().guard,
      await request(url, name === 'ca' ? { ca: cert } : { env: { PATH, [name]: cert } }),
    );
    expect(agents).toEqual(['contextcore']);
  });
});

describe.skipIf(missingPrograms('openssl', 'curl', 'wget'))('what our own client does not get through', () => {
  it('curl fetches, checked like anything else', async () => {
    const { url, cert, agents } = await startTls();
    const notices: string[] = [];
    const more = { env: { PATH, CURL_CA_BUNDLE: cert }, sum: SUM, onNotice: (text: string) => notices.push(text) };
    const downloaded = await downloadFile(makeTestGuard().guard, await request(url, more));
    expect(downloaded).toMatchObject({ bytes: BODY.length, sum: SUM, verified: true });
    expect(agents).toEqual(['curl']);
    expect(notices).toEqual([expect.stringMatching(/^curl fetches it: .*certificate/)]);
  });

  it('wget fetches where curl does not get through either', async () => {
    const { url, cert, agents } = await startTls();
    const wgetrc = join(await makeTempFolder(), 'wgetrc');
    await writeFile(wgetrc, `ca_certificate = ${cert}\n`);
    await downloadFile(makeTestGuard().guard, await request(url, { env: { PATH, WGETRC: wgetrc }, sum: SUM }));
    expect(agents).toEqual(['Wget']);
  });

  it('is told as our own client saw it, with what the others said', async () => {
    const { url } = await startTls();
    const failed = downloadFile(makeTestGuard().guard, await request(url));
    await expect(failed).rejects.toMatchObject({
      class: 'tls',
      details: { lines: [expect.stringContaining('curl: (60)'), expect.stringContaining('wget:')] },
    });
  });

  it('is not given to others when the server has answered', async () => {
    let asked = 0;
    const server = createServer((_request, response) => {
      asked += 1;
      response.writeHead(401).end();
    });
    const url = `http://127.0.0.1:${await listen(server)}/file`;
    await expect(downloadFile(makeTestGuard().guard, await request(url))).rejects.toMatchObject({
      class: 'unauthorized',
    });
    expect(asked).toBe(1);
  });
});

describe('a proxy', () => {
  /** One that wants a name and a password, and passes plain and encrypted connections on. */
  async function startProxy(): Promise<{ port: number; seen: string[] }> {
    const seen: string[] = [];
    const login = `Basic ${Buffer.from('me:s3cret').toString('base64')}`;
    const proxy = createServer((asked, response) => {
      if (asked.headers['proxy-authorization'] !== login) return response.writeHead(407).end();
      seen.push(`GET ${asked.url}`);
      return response.end(BODY);
    });
    proxy.on('connect', (asked, socket) => {
      if (asked.headers['proxy-authorization'] !== login) {
        return socket.end('HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n');
      }
      seen.push(`CONNECT ${asked.url}`);
      const upstream = createConnection(Number(asked.url?.split(':')[1]), '127.0.0.1');
      socket.on('error', () => upstream.destroy());
      upstream.on('error', () => socket.destroy());
      socket.write('HTTP/1.1 200 OK\r\n\r\n');
      return upstream.pipe(socket).pipe(upstream);
    });
    return { port: await listen(proxy), seen };
  }

  it('is given the whole address of what is not encrypted, and a tunnel for the rest', async () => {
    const [{ port, seen }, { url, cert, agents }] = [await startProxy(), await startTls()];
    const proxy = `http://me:s3cret@127.0.0.1:${port}`;
    const env = { PATH, HTTP_PROXY: proxy, https_proxy: proxy };
    await downloadFile(makeTestGuard().guard, await request('http://release.invalid/file', { env, sum: SUM }));
    await downloadFile(makeTestGuard().guard, await request(url, { env, ca: cert, sum: SUM }));
    expect(agents).toEqual(['contextcore']);
    expect(seen).toEqual(['GET http://release.invalid/file', `CONNECT localhost:${new URL(url).port}`]);
  });

  it('that refuses is named, with a hint to its login', async () => {
    const { port } = await startProxy();
    const env = { PATH: '', HTTPS_PROXY: `http://127.0.0.1:${port}` };
    const failed = downloadFile(makeTestGuard().guard, await request('https://release.invalid/file', { env }));
    await expect(failed).rejects.toMatchObject({
      class: 'unauthorized',
      message: expect.stringContaining('answered 407'),
      details: { hint: expect.stringContaining('HTTPS_PROXY') },
    });
  });
});

describe.skipIf(missingPrograms(...TOXIPROXY))('a way that limits each connection', () => {
  it('is used by several at once, at most four, and nothing is fetched twice', async () => {
    const server = await startFileServer(160e6);
    onTestFinished(() => server.close());
    const way = await startSpoiledWay(server.address);
    onTestFinished(() => way.stop());
    // Kilobytes a second, each connection.
    await way.spoil('bandwidth', { rate: 8_000 });
    const sum = { algorithm: 'sha256' as const, hex: server.sha256 };
    await downloadFile(makeTestGuard().guard, await request(`${way.url}/file.bin`, { sum }));
    expect(server.most).toBeGreaterThan(1);
    expect(server.most).toBeLessThanOrEqual(4);
    const served = server.asked.reduce((all, one) => all + one.served, 0);
    // What lies in the kernel and the proxy when a stream's tail is given to another.
    expect(served - server.size).toBeLessThan(server.asked.length * (12 << 20));
    expect(server.asked.slice(1).every(({ ifRange, status }) => ifRange === '"v1"' && status === 206)).toBe(true);
  });
});

describe.skipIf(process.getuid?.() !== 0 || missingPrograms('mount', 'umount'))('a full disk', () => {
  it.each([
    ['that is known to be too small', { 'content-length': String(80e6) }],
    ['whose file has no known size', {}],
  ])('%s keeps nothing and says so', async (_name, headers: Record<string, string>) => {
    const folder = await mkdtemp(join(tmpdir(), 'ccx-full-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=40m', 'tmpfs', folder]);
    onTestFinished(() => void execFileSync('umount', ['-l', folder]));
    const server = createServer((_request, response) => {
      response.writeHead(200, { etag: '"1"', ...headers });
      const send = (left: number): void => {
        if (left > 0 && !response.destroyed) response.write(BODY, () => send(left - 1));
        else response.end();
      };
      send(20);
    });
    const url = `http://127.0.0.1:${await listen(server)}/file`;
    await mkdir(join(folder, 'out'));
    const more = { output: join(folder, 'out', 'file') };
    await expect(downloadFile(makeTestGuard().guard, await request(url, more))).rejects.toMatchObject({
      class: 'disk_full',
      details: { hint: expect.stringContaining('make room') },
    });
    expect(await readdir(join(folder, 'out'))).toEqual([]);
  });
});

it('a signature that nobody can check is no good one: without gpg nothing is put in place', async () => {
  const server = createServer(({ url }, response) => response.end(url === '/file' ? BODY : 'a signature'));
  const url = `http://127.0.0.1:${await listen(server)}/file`;
  const asked = await request(url, { env: { PATH: '' }, signature: { url: `${url}.sig`, keyring: 'none' } });
  await expect(downloadFile(makeTestGuard().guard, asked)).rejects.toMatchObject({
    class: 'not_runnable',
    message: expect.stringContaining('gpg is missing'),
    details: { hint: expect.stringContaining('gnupg') },
  });
  expect(await readdir(join(asked.output, '..'))).not.toContain('file');
});

describe.skipIf(missingPrograms('gpg'))('a signature', () => {
  it('of a key of the ring is good; a changed file, or another key, is refused and nothing is kept', async () => {
    const home = await makeTempFolder();
    const gpg = (...args: string[]) =>
      execFileSync('gpg', ['--homedir', home, '--batch', '--passphrase', '', '--pinentry-mode', 'loopback', ...args], {
        stdio: ['ignore', 'pipe', 'ignore'],
      });
    onTestFinished(() => void execFileSync('gpgconf', ['--homedir', home, '--kill', 'all']));
    for (const name of ['maker', 'stranger']) gpg('--quick-generate-key', `${name}@example.org`, 'ed25519', 'sign');
    const [file, ring, other] = [join(home, 'file'), join(home, 'ring.asc'), join(home, 'other.gpg')];
    await writeFile(file, BODY);
    await writeFile(ring, gpg('--armor', '--export', 'maker@example.org'));
    await writeFile(other, gpg('--export', 'stranger@example.org'));
    const signature = gpg('--detach-sign', '--local-user', 'maker@example.org', '--output', '-', file);
    const changed = Buffer.from(BODY);
    changed.writeUInt8(changed.readUInt8(1000) ^ 1, 1000);
    const server = createServer((asked, response) =>
      response.end(asked.url === '/file.sig' ? signature : asked.url === '/changed' ? changed : BODY),
    );
    const base = `http://127.0.0.1:${await listen(server)}`;
    const fetchIt = async (path: string, keyring: string) => {
      const asked = await request(`${base}/${path}`, { signature: { url: `${base}/file.sig`, keyring } });
      const left = () => readdir(join(asked.output, '..'));
      return { downloaded: downloadFile(makeTestGuard().guard, asked), left };
    };
    expect(await (await fetchIt('file', ring)).downloaded).toMatchObject({ verified: true, sum: SUM });
    for (const [path, keyring] of [
      ['changed', ring],
      ['file', other],
    ] as const) {
      const { downloaded, left } = await fetchIt(path, keyring);
      await expect(downloaded).rejects.toMatchObject({
        class: 'checksum',
        message: expect.stringContaining('signature'),
      });
      expect(await left()).toEqual([]);
    }
  });
});
