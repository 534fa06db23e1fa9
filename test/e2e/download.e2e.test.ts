import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { makeGround } from '../support/cli.ts';
import { writeFile } from '../support/cli-files.ts';
import { type FileServer, startFileServer } from '../support/servers/file-server.ts';
import { covers } from './interface.ts';

const SIZE = 20e6;
/** More than the product holds back before it writes. */
const HELD = 1 << 20;

async function setUp(
  size = SIZE,
): Promise<{ server: FileServer; ground: ReturnType<typeof makeGround>; output: string }> {
  const server = await startFileServer(size);
  onTestFinished(() => server.close());
  const ground = makeGround();
  return { server, ground, output: join(ground.folder, 'out', 'file.bin') };
}

describe('download', () => {
  it(`fetches and checks a file ${covers('download', 'download --output', 'download --sha256')}`, async () => {
    const { server, ground, output } = await setUp();
    const args = ['download', server.url, '--output', output, '--sha256', server.sha256];
    const first = await ground.install(args);
    expect(first.exitCode).toBe(0);
    expect(first.stdout).toBe('');
    expect(first.stderr).toMatch(/file\.bin: 20\.0 MB from http.*; checked/);
    expect(readFileSync(output)).toHaveLength(SIZE);
    const json = await ground.install([...args, '--json']);
    expect(JSON.parse(json.stdout)).toMatchObject({ url: server.url, output, bytes: SIZE, sha256: server.sha256 });
  });

  it('refuses a wrong checksum, leaves nothing, and says both', async () => {
    const { server, ground, output } = await setUp();
    const wrong = 'f'.repeat(64);
    const ended = await ground.install(['download', server.url, '--output', output, '--sha256', wrong]);
    expect(ended.exitCode).toBe(1);
    expect(ended.stderr).toContain(`expected sha256 ${wrong}`);
    expect(ended.stderr).toContain(`received sha256 ${server.sha256}`);
    expect(readdirSync(join(output, '..'))).toEqual([]);
    expect(server.asked).toHaveLength(1);
  });

  it.each([
    ['SIGINT', 130],
    ['SIGKILL', null],
  ] as const)(
    `keeps what it has on %s, and goes on with it ${covers('download', 'exit 130')}`,
    async (signal, code) => {
      const { server, ground, output } = await setUp();
      // The first answer stops half-way and says nothing more.
      server.instead = (_request, response, count) => {
        if (count > 1) return false;
        response.writeHead(200, { 'content-length': SIZE, etag: '"v1"', 'accept-ranges': 'bytes' });
        response.write(server.bytes(0, SIZE / 2));
        return true;
      };
      const args = ['download', server.url, '--output', output, '--sha256', server.sha256];
      const cli = ground.start('contextcore-install', args);
      const half = SIZE / 2;
      await expect.poll(() => notedBytes(join(output, '..')), { timeout: 60_000 }).toBeGreaterThan(half - HELD);
      cli.kill(signal);
      const interrupted = await cli.ended;
      expect(interrupted.exitCode).toBe(code);
      const again = await ground.install(args);
      expect(again.exitCode).toBe(0);
      expect(again.stderr).toMatch(/(9\.\d|10\.0) MB of file\.bin are there already/);
      const { from = 0, served, ifRange } = server.asked[1] ?? {};
      expect(from).toBeGreaterThan(half - HELD);
      expect(from).toBeLessThanOrEqual(half);
      expect([served, ifRange]).toEqual([SIZE - from, '"v1"']);
      expect(readdirSync(join(output, '..'))).toEqual(['file.bin']);
    },
  );

  it('reads the checksum from a published file, and takes another address where one fails', async () => {
    const { server, ground, output } = await setUp();
    server.instead = (request, response) => {
      if (request.url === '/file.bin') return false;
      if (request.url === '/SHA256SUMS') response.end(`${'0'.repeat(64)}  other\n${server.sha256} *file.bin\n`);
      else response.writeHead(404).end();
      return true;
    };
    const base = server.url.replace('/file.bin', '');
    const urls = [`${base}/gone.bin`, server.url];
    const ended = await ground.install(['download', ...urls, '--output', output, '--sums', `${base}/SHA256SUMS`]);
    expect(ended.stderr).toContain('(same checksum)');
    expect(ended.exitCode).toBe(0);
  });

  it('says which folder cannot be written, before it asks any server', async () => {
    const ground = makeGround();
    const file = writeFile(ground.folder, 'file', '');
    const ended = await ground.install(['download', 'http://127.0.0.1:1/x', '--output', join(file, 'x')]);
    expect(ended.exitCode).toBe(1);
    expect(ended.stderr).toContain(`nothing can be written into ${file}`);
  });

  it.each([
    [['--output', 'x'], 'URLS is missing'],
    [['http://127.0.0.1/x'], '--output'],
    [['ftp://127.0.0.1/x', '--output', 'x'], 'no address'],
    [['http://127.0.0.1/x', '--output', 'x', '--sha256', 'abc'], '--sha256 takes 64 hex digits'],
    [['http://127.0.0.1/x', '--output', 'x', '--keyring', 'k'], '--signature and --keyring'],
  ])('%j is wrong usage', async (args, said) => {
    const ended = await makeGround().install(['download', ...args]);
    expect(ended.exitCode).toBe(2);
    expect(ended.stderr).toContain(said);
  });
});

/** What the note of a partial file says is there. */
function notedBytes(folder: string): number {
  try {
    const name = readdirSync(folder).find((entry) => entry.endsWith('.part')) ?? '';
    const about = JSON.parse(readFileSync(join(folder, name, 'about.json'), 'utf8')) as { done: number[][] };
    return about.done[0]?.[1] ?? 0;
  } catch {
    return 0;
  }
}
