import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { inspectImage } from '../../src/images/inspect-image.ts';
import { parsePlatform } from '../../src/images/platform.ts';
import { parseReference } from '../../src/images/reference.ts';
import type { Credentials } from '../../src/images/registry/credentials.ts';
import { type HttpSite, startSite } from '../support/http-site.ts';
import { type FaultyWay, startFaultyWay } from '../support/servers/faulty-way.ts';
import { pushImage, REGISTRY, type RunningRegistry, startRegistry } from '../support/servers/registry.ts';
import { missingPrograms } from '../support/servers/start-server.ts';
import { openTestApi } from './support.ts';

const missing = await missingPrograms(REGISTRY);
const AMD64 = parsePlatform('linux/amd64');
const LOGIN = { username: 'somebody', password: 'secret' };

const inspect = (host: string, found?: Credentials) =>
  inspectImage(openTestApi({ credentials: async () => found }), parseReference(`${host}/us/app:1`), AMD64);

describe.skipIf(missing !== undefined)(`a registry that asks for a login${missing ? ` (${missing})` : ''}`, () => {
  let registry: RunningRegistry;

  beforeAll(async () => {
    registry = await startRegistry({ login: true });
    const authorization = `Basic ${Buffer.from('somebody:secret').toString('base64')}`;
    await pushImage(registry.url, 'us/app:1', { authorization });
  });
  afterAll(() => registry?.stop());

  it('gets one', async () => {
    expect(await inspect(registry.host, LOGIN)).toMatchObject({ platform: AMD64 });
  });

  it('without one is a clear error, and so is a wrong one', async () => {
    await expect(inspect(registry.host)).rejects.toMatchObject({
      message: `registry ${registry.host} asks for a login, and there are no credentials for it`,
      details: { class: 'unauthorized', hint: `docker login ${registry.host}` },
    });
    await expect(inspect(registry.host, { username: 'somebody', password: 'wrong' })).rejects.toMatchObject({
      message: expect.stringContaining('not allowed without a login (401'),
      details: { class: 'unauthorized' },
    });
  });
});

describe.skipIf(missing !== undefined)(`a registry with tokens${missing ? ` (${missing})` : ''}`, () => {
  let registry: RunningRegistry;
  let way: FaultyWay;
  let site: HttpSite;
  let asked: { url: URL; authorization: string | undefined; body: string }[];

  beforeAll(async () => {
    registry = await startRegistry();
    await pushImage(registry.url, 'us/app:1');
  });
  afterAll(() => registry?.stop());

  /** The registry behind a door that only a token opens, as those on the net have it. */
  const lock = async (answer: (authorization: string | undefined) => { status: number; body: string }) => {
    asked = [];
    way = await startFaultyWay(registry.url);
    site = await startSite();
    onTestFinished(() => way.close());
    onTestFinished(() => site.close());
    const challenge = `Bearer realm="${site.url}/token",service="reg.test",scope="repository:us/app:pull"`;
    way.fault = ({ headers }) =>
      headers.authorization === 'Bearer T1' ? undefined : { status: 401, headers: { 'www-authenticate': challenge } };
    const serve: HttpSite['pages'][string] = (request, response) => {
      let body = '';
      request.on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => {
        const { authorization } = request.headers;
        asked.push({ url: new URL(request.url ?? '', site.url), authorization, body });
        const { status, body: text } = answer(authorization);
        response.writeHead(status).end(text);
      });
    };
    const query = '?service=reg.test&scope=repository%3Aus%2Fapp%3Apull';
    site.pages[`/token${query}`] = serve;
    site.pages['/token'] = serve;
  };

  it('gets one for everybody, once', async () => {
    await lock(() => ({ status: 200, body: '{"token":"T1","expires_in":300}' }));
    expect(await inspect(way.host)).toMatchObject({ platform: AMD64 });
    expect(asked).toHaveLength(1);
    expect(asked[0]?.authorization).toBeUndefined();
  });

  it('gets one for a name and a password, and for an identity token', async () => {
    await lock(() => ({ status: 200, body: '{"access_token":"T1"}' }));
    await inspect(way.host, LOGIN);
    expect(asked[0]?.authorization).toBe(`Basic ${Buffer.from('somebody:secret').toString('base64')}`);
    await inspect(way.host, { identityToken: 'id' });
    expect(Object.fromEntries(new URLSearchParams(asked[1]?.body))).toMatchObject({
      grant_type: 'refresh_token',
      refresh_token: 'id',
      service: 'reg.test',
      scope: 'repository:us/app:pull',
    });
  });

  it('gets none: a clear error', async () => {
    await lock(() => ({ status: 401, body: '' }));
    await expect(inspect(way.host)).rejects.toMatchObject({ details: { class: 'unauthorized' } });
    await expect(inspect(way.host, LOGIN)).rejects.toThrow(/does not accept the credentials/);
    await lock(() => ({ status: 429, body: '' }));
    await expect(inspect(way.host)).rejects.toMatchObject({ details: { class: 'rate_limited' } });
    await lock(() => ({ status: 200, body: '<html>' }));
    await expect(inspect(way.host)).rejects.toThrow(/gives no token/);
  });
});
