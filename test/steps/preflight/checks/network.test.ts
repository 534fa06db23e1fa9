import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { clockCheck } from '../../../../src/steps/preflight/checks/clock.ts';
import { registriesCheck, registryClock } from '../../../../src/steps/preflight/checks/network.ts';
import { startSite } from '../../../support/http-site.ts';
import { runOne } from '../support.ts';
import { withDockerInfo } from '../support-docker.ts';

const images = (...references: string[]) => registriesCheck(async () => references);

async function startRegistry(status: number, headers: Record<string, string> = {}) {
  const site = await startSite({ '/v2/': (_request, response) => void response.writeHead(status, headers).end() });
  onTestFinished(() => site.close());
  return { host: new URL(site.url).host, requests: site.requests };
}

function portOf(server: { address(): unknown }): number {
  const address = server.address();
  return typeof address === 'object' && address !== null && 'port' in address ? Number(address.port) : 0;
}

describe('image registries', () => {
  it('are not asked when nothing has to be pulled', async () => {
    expect(await runOne(images())).toEqual({ level: 'ok', message: 'not needed, no image has to be pulled' });
    expect(await runOne(registriesCheck(async () => undefined))).toBeUndefined();
  });

  it('are asked once each, and 401 is an answer', async () => {
    const env = await withDockerInfo({});
    const { host, requests } = await startRegistry(401);
    const found = await runOne(images(`${host}/a:1`, `${host}/b/c:2`), { env });
    expect(found).toEqual({ level: 'ok', message: `${host} can be reached; 2 images to pull` });
    expect(requests).toEqual(['/v2/']);
  });

  it('that cannot be reached are an error naming each, all in the time of one', async () => {
    const env = await withDockerInfo({});
    const closed = createServer().listen(0, '127.0.0.1');
    await once(closed, 'listening');
    const port = portOf(closed);
    closed.close();
    const { host } = await startRegistry(503);
    const { host: good } = await startRegistry(200);
    const found = await runOne(
      images(`127.0.0.1:${port}/a:1`, `${host}/b:1`, 'no-such-host.invalid/c:1', `${good}/d:1`),
      { env },
    );
    expect(found?.level).toBe('error');
    expect(found?.message).toContain(`127.0.0.1:${port}: no connection`);
    expect(found?.message).toContain(`${host}: answers with 503`);
    expect(found?.message).toContain('no-such-host.invalid: its name cannot be resolved');
    expect(found?.message).not.toContain(good);
    expect(found?.hint).toContain('--image-mirror');
  });

  it('are asked through the proxy of the Docker engine, else through ours', async () => {
    const asked: string[] = [];
    const proxy = createHttpServer().on('connect', (request, socket) => {
      asked.push(String(request.url));
      socket.end('HTTP/1.1 403 Forbidden\r\n\r\n');
    });
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    onTestFinished(() => void proxy.close());
    const address = `http://127.0.0.1:${portOf(proxy)}`;
    const ours = { ...(await withDockerInfo({})), HTTPS_PROXY: address };
    expect((await runOne(images('registry.invalid/a:1'), { env: ours }))?.level).toBe('error');
    const engines = { ...(await withDockerInfo({ HttpsProxy: address })), HTTPS_PROXY: 'http://127.0.0.1:1' };
    expect((await runOne(images('other.invalid/a:1'), { env: engines }))?.level).toBe('error');
    expect(asked).toEqual(['registry.invalid:443', 'other.invalid:443']);
  });

  it('are fine by one of the engine’s mirrors alone', async () => {
    const { host } = await startRegistry(200);
    const dead = 'http://127.0.0.1:1';
    const env = { ...(await withDockerInfo({ RegistryConfig: { Mirrors: [`http://${host}/`] } })), HTTPS_PROXY: dead };
    expect(await runOne(images('grafana/loki:3'), { env })).toMatchObject({ level: 'ok' });
    const without = { ...(await withDockerInfo({})), HTTPS_PROXY: dead };
    expect(await runOne(images('grafana/loki:3'), { env: without })).toMatchObject({ level: 'error' });
  });

  it('tell the time by the way', async () => {
    const now = () => Date.parse('2026-03-01T12:00:00Z');
    const { host } = await startRegistry(200, { date: 'Sun, 01 Mar 2026 14:00:00 GMT' });
    const found = await runOne(clockCheck([registryClock(async () => [`${host}/a:1`])]), {
      now,
      env: await withDockerInfo({}),
    });
    expect(found).toMatchObject({ level: 'warning', message: '2 h behind the registry’s clock' });
  });
});
