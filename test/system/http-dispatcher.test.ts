import { Agent, EnvHttpProxyAgent } from 'undici';
import { expect, test } from 'vitest';
import { isLoopback, openDispatcher, proxiesOf } from '../../src/system/http-dispatcher.ts';

test.each(['localhost', 'localhost:5000', '127.0.0.1', '127.1.2.3:443', '[::1]', '[::1]:5000'])(
  '%s is this machine',
  (host) => expect(isLoopback(host)).toBe(true),
);

test.each(['ghcr.io', 'localhost.example', '127.0.0.1.example', '10.0.0.1:5000', '[::2]', '::1', 'http://localhost'])(
  '%s is not this machine',
  (host) => expect(isLoopback(host)).toBe(false),
);

test('this machine is asked directly, others through the proxies', async () => {
  const options = { env: { HTTPS_PROXY: 'http://proxy.example:3128' }, encrypted: false, connectTimeoutMs: 1000 };
  const [here, elsewhere] = [await openDispatcher('localhost:5000', options), await openDispatcher('ghcr.io', options)];
  expect(here).toBeInstanceOf(Agent);
  expect(elsewhere).toBeInstanceOf(EnvHttpProxyAgent);
  await Promise.all([here.destroy(), elsewhere.destroy()]);
});

test('a lower-case variable comes first, and what is unset is empty', () => {
  const env = { https_proxy: 'http://lower:1', HTTPS_PROXY: 'http://upper:1', NO_PROXY: '*' };
  expect(proxiesOf(env)).toEqual({ httpProxy: '', httpsProxy: 'http://lower:1', noProxy: '*' });
});

test.each([
  ['proxy.example:3128', 'http://proxy.example:3128'],
  ['10.0.0.1:3128', 'http://10.0.0.1:3128'],
  ['https://me:secret@proxy.example', 'https://me:secret@proxy.example'],
  ['', ''],
])('HTTPS_PROXY=%s is %j', (value, url) => expect(proxiesOf({ HTTPS_PROXY: value }).httpsProxy).toBe(url));

test.each(['http://', ':secret:', 'ftp://proxy.example'])(
  'a proxy %s is refused by the name of its variable',
  (value) => expect(() => proxiesOf({ http_proxy: value })).toThrow(/^http_proxy is not the address of a proxy$/),
);
