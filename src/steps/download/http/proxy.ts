type Env = Readonly<Record<string, string | undefined>>;

/**
 * The proxy for an address, by the variables that curl takes (https://everything.curl.dev/usingcurl/proxies/env.html).
 *
 * @throws TypeError when the variable is no address
 */
export function proxyFor(url: URL, env: Env): URL | undefined {
  const named = url.protocol === 'https:' ? (env.https_proxy ?? env.HTTPS_PROXY) : (env.http_proxy ?? env.HTTP_PROXY);
  const proxy = named || env.all_proxy || env.ALL_PROXY;
  if (!proxy || isExempt(url, env.no_proxy ?? env.NO_PROXY ?? '')) return undefined;
  return new URL(proxy.includes('://') ? proxy : `http://${proxy}`);
}

/** NO_PROXY: names that stand for their domain, too, `*` for all, each with a port if wanted. */
function isExempt(url: URL, list: string): boolean {
  const host = url.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  return list
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .some((entry) => {
      if (entry === '*') return true;
      const [, name = entry, only] = /^\[?(.*?)\]?(?::(\d+))?$/.exec(isIpv6(entry) ? `[${entry}]` : entry) ?? [];
      const domain = name.replace(/^\*?\./, '');
      return (only === undefined || only === port) && (host === domain || host.endsWith(`.${domain}`));
    });
}

function isIpv6(entry: string): boolean {
  return !entry.startsWith('[') && entry.split(':').length > 2;
}

/** Value of Authorization or Proxy-Authorization for the name and password inside an address. */
export function basicCredentials({ username, password }: URL): string | undefined {
  if (username === '' && password === '') return undefined;
  const plain = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return `Basic ${Buffer.from(plain).toString('base64')}`;
}
