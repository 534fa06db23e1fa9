import { createHash } from 'node:crypto';
import { readdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { type DownloadRequest, downloadFile } from '../../../src/steps/download/download-file.ts';
import { type FileServer, startFileServer } from '../../support/servers/file-server.ts';
import { makeTempFolder } from '../../support/temp-folder.ts';
import { makeTestGuard } from '../../support/test-guard.ts';

const SIZE = 12e6;

let server: FileServer;
let folder: string;
beforeEach(async () => {
  server = await startFileServer(SIZE);
  folder = join(await makeTempFolder(), 'out');
  return () => server.close();
});

function request(more: Partial<DownloadRequest> = {}): DownloadRequest {
  const policy = { delayMs: 0, maxDelayMs: 0 };
  return {
    urls: [server.url],
    output: join(folder, 'file'),
    env: {},
    policy,
    signal: new AbortController().signal,
    ...more,
  };
}

const sum = () => ({ algorithm: 'sha256' as const, hex: server.sha256 });

async function digestOfOutput(): Promise<string> {
  return createHash('sha256')
    .update(await readFile(join(folder, 'file')))
    .digest('hex');
}

/** The first answer ends after half of the file. */
function cutFirst(headers: Record<string, string> = { etag: '"v1"', 'accept-ranges': 'bytes' }): void {
  server.instead = (_request, response, count) => {
    if (count > 1) return false;
    response.writeHead(200, { 'content-length': SIZE, ...headers });
    response.write(server.bytes(0, SIZE / 2), () => response.destroy());
    return true;
  };
}

/** Leaves half of the file behind, as a run does that was cut off. */
async function leaveHalf(more: Partial<DownloadRequest> = {}): Promise<void> {
  server.asked.length = 0;
  server.instead = (asked, response, count) => {
    if (count > 1) return response.writeHead(503).end() !== undefined;
    response.writeHead(200, { 'content-length': SIZE, etag: '"v1"', 'accept-ranges': 'bytes' });
    response.write(server.bytes(0, SIZE / 2), () => asked.socket.destroy());
    return true;
  };
  const once = request({ ...more, policy: { attempts: 1 } });
  await expect(downloadFile(makeTestGuard().guard, once)).rejects.toMatchObject({ class: 'server_error' });
  expect(await readdir(folder)).toContainEqual(expect.stringMatching(/^\.file\.0-[0-9a-f]{8}\.part$/));
  delete server.instead;
  server.asked.length = 0;
}

describe('a server', () => {
  it('that says 404 is asked once', async () => {
    server.instead = (_request, response) => response.writeHead(404).end() !== undefined;
    const { guard } = makeTestGuard();
    await expect(downloadFile(guard, request())).rejects.toMatchObject({ class: 'not_found' });
    expect(server.asked).toHaveLength(1);
    expect(await readdir(folder)).toEqual([]);
  });

  it('that is busy is asked again when it said', async () => {
    let refusedAt = 0;
    server.instead = (_request, response, count) => {
      if (count > 1) return false;
      refusedAt = performance.now();
      return response.writeHead(503, { 'retry-after': '1' }).end() !== undefined;
    };
    const { guard, events } = makeTestGuard();
    await downloadFile(guard, request({ sum: sum() }));
    expect(performance.now() - refusedAt).toBeGreaterThan(950);
    expect(events.filter(({ type }) => type === 'target_tried')).toMatchObject([
      { attempt: 1, class: 'server_error', retryInMs: 1000, requests: [{ method: 'GET', status: 503 }] },
      { attempt: 2 },
    ]);
    expect(events.at(-1)).toMatchObject({ type: 'target_tried', attempt: 2 });
    expect(events).toContainEqual(expect.objectContaining({ type: 'checksum_compared', ok: true }));
  });

  it('that cuts the connection is continued in the same attempt', async () => {
    cutFirst();
    const { guard, events } = makeTestGuard();
    await downloadFile(guard, request());
    expect(await digestOfOutput()).toBe(server.sha256);
    expect(server.asked[1]).toMatchObject({ from: SIZE / 2, ifRange: '"v1"', status: 206, served: SIZE / 2 });
    expect(events.filter(({ type }) => type === 'target_tried')).toHaveLength(1);
  });

  it('that knows no ranges gives the file from its beginning', async () => {
    server.ranges = false;
    cutFirst({ etag: '"v1"' });
    await downloadFile(makeTestGuard().guard, request({ sum: sum() }));
    expect(await digestOfOutput()).toBe(server.sha256);
    expect(server.asked.map(({ status }) => status)).toEqual([200, 200]);
  });

  it('whose file changes in the middle gives the new one, whole', async () => {
    cutFirst();
    const { instead } = server;
    server.instead = (asked, response, count) => {
      const done = instead?.(asked, response, count) ?? false;
      if (done) server.change();
      return done;
    };
    await downloadFile(makeTestGuard().guard, request());
    expect(await digestOfOutput()).toBe(server.sha256);
    expect(server.asked[1]).toMatchObject({ from: SIZE / 2, ifRange: '"v1"', status: 200, served: SIZE });
  });

  it('that answers with the wrong part is not believed', async () => {
    cutFirst();
    const { instead } = server;
    server.instead = (asked, response, count) => {
      if (count !== 2) return instead?.(asked, response, count) ?? false;
      response.writeHead(206, { 'content-range': `bytes 0-${SIZE - 1}/${SIZE}`, 'content-length': SIZE });
      return response.end(server.bytes(0, SIZE)) !== undefined;
    };
    await downloadFile(makeTestGuard().guard, request());
    expect(await digestOfOutput()).toBe(server.sha256);
  });
});

describe('what an earlier run has left', () => {
  it('is continued, and its checksum is that of the whole file', async () => {
    await leaveHalf({ sum: sum() });
    const downloaded = await downloadFile(makeTestGuard().guard, request({ sum: sum() }));
    expect(downloaded).toMatchObject({ bytes: SIZE, resumed: SIZE / 2, verified: true });
    expect(server.asked).toMatchObject([{ from: SIZE / 2, served: SIZE / 2 }]);
    expect(await readdir(folder)).toEqual(['file']);
  });

  it('is fetched anew when the file has changed since', async () => {
    await leaveHalf();
    server.change();
    await downloadFile(makeTestGuard().guard, request());
    expect(await digestOfOutput()).toBe(server.sha256);
  });

  it('is thrown away when it is shorter than its note says, or of another checksum', async () => {
    await leaveHalf({ sum: sum() });
    const [name = ''] = await readdir(folder);
    await truncate(join(folder, name, 'data'), 1000);
    const truncated = await downloadFile(makeTestGuard().guard, request({ sum: sum() }));
    expect(truncated.resumed).toBe(0);
    await leaveHalf({ sum: { algorithm: 'sha256', hex: 'a'.repeat(64) } });
    expect((await downloadFile(makeTestGuard().guard, request({ sum: sum() }))).resumed).toBe(0);
  });

  it('is fetched anew, once, when its bytes have rotted', async () => {
    await leaveHalf({ sum: sum() });
    const [name = ''] = await readdir(folder);
    await writeFile(join(folder, name, 'data'), 'rotten', { flag: 'r+' });
    await downloadFile(makeTestGuard().guard, request({ sum: sum() }));
    expect(await digestOfOutput()).toBe(server.sha256);
    expect(server.asked.map(({ from }) => from)).toEqual([SIZE / 2, undefined]);
  });

  it('is continued from another source only when a checksum guards the whole', async () => {
    const other = `http://localhost:${new URL(server.url).port}/file.bin`;
    await leaveHalf({ sum: sum() });
    await downloadFile(makeTestGuard().guard, request({ urls: [other], sum: sum() }));
    expect(server.asked).toMatchObject([{ from: SIZE / 2, ifRange: undefined, status: 206 }]);
    await writeFile(join(folder, 'file'), '');
    server.asked.length = 0;
    const notices: string[] = [];
    const { guard, events } = makeTestGuard();
    cutFirst();
    const { instead } = server;
    server.instead = (asked, response, count) => {
      const gone = count === 2 && response.writeHead(404).end() !== undefined;
      return gone || (instead?.(asked, response, count) ?? false);
    };
    await downloadFile(guard, request({ urls: [server.url, other], onNotice: (message) => notices.push(message) }));
    expect(server.asked.at(-1)).toMatchObject({ from: undefined, served: SIZE });
    expect(events).toContainEqual(expect.objectContaining({ type: 'fallback_taken', verified: false }));
  });
});

describe('two downloads of the same file at the same time', () => {
  it('do not disturb each other', async () => {
    const { guard } = makeTestGuard();
    const both = await Promise.all([downloadFile(guard, request()), downloadFile(guard, request())]);
    expect(both.map(({ bytes }) => bytes)).toEqual([SIZE, SIZE]);
    expect(await digestOfOutput()).toBe(server.sha256);
    expect(await readdir(folder)).toEqual(['file']);
  });
});
