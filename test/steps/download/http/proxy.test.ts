import { describe, expect, it } from 'vitest';
import { proxyFor } from '../../../../src/steps/download/http/proxy.ts';

const env = { http_proxy: 'plain.proxy:3128', HTTPS_PROXY: 'http://tls.proxy:3129' };
const via = (url: string, more: Record<string, string> = {}) => proxyFor(new URL(url), { ...env, ...more })?.host;

describe('proxyFor', () => {
  it('goes by the scheme, and by ALL_PROXY where that has none', () => {
    expect(via('http://example.org/')).toBe('plain.proxy:3128');
    expect(via('https://example.org/')).toBe('tls.proxy:3129');
    expect(proxyFor(new URL('https://example.org'), { ALL_PROXY: 'http://all.proxy' })?.host).toBe('all.proxy');
    expect(proxyFor(new URL('https://example.org'), {})).toBeUndefined();
  });

  it.each([
    ['example.org', 'https://example.org/', true],
    ['example.org', 'https://sub.example.org/', true],
    ['.example.org', 'https://example.org/', true],
    ['*.example.org', 'https://sub.example.org/', true],
    ['example.org', 'https://notexample.org/', false],
    ['example.org:8443', 'https://example.org/', false],
    ['example.org:8443', 'https://example.org:8443/', true],
    ['localhost, 127.0.0.1', 'http://127.0.0.1:9000/', true],
    ['::1', 'http://[::1]:9000/', true],
    ['*', 'https://anything/', true],
  ])('NO_PROXY=%s for %s: %s', (list, url, exempt) => {
    expect(via(url, { NO_PROXY: list }) === undefined).toBe(exempt);
  });
});
