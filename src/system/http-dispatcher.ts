import type { Dispatcher } from 'undici';
import { InstallerError } from '../errors/installer-error.ts';

export type Env = Readonly<Record<string, string | undefined>>;

export interface DispatcherOptions {
  /** Proxies are taken from here: HTTPS_PROXY, HTTP_PROXY, NO_PROXY, in either case. */
  env: Env;
  /** Whether TLS may be spoken: reading the system's certificates takes as long as starting Node. */
  encrypted: boolean;
  /** Until a connection stands, in milliseconds. */
  connectTimeoutMs: number;
  /** Longest silence while waiting for an answer, and inside it, in milliseconds. Default: 300,000. */
  stallTimeoutMs?: number;
  /** Kept open to each host. Default: any number. */
  connections?: number;
}

const LOOPBACK = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/;
const PROXY_SCHEME = /^(https?|socks5?):/i;

/** Whether a host, as it stands in an address and with its port or without, is this machine. */
export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host);
}

/**
 * What undici sends requests through: to this machine directly, to others through the environment's proxies. Whoever
 * opens it destroys it. undici is loaded here, as that takes long.
 *
 * @param host that is asked; one dispatcher serves all hosts of its side, this machine's or not
 * @throws InstallerError `config` when a variable holds no address of a proxy
 */
export async function openDispatcher(host: string, options: DispatcherOptions): Promise<Dispatcher> {
  const { env, encrypted, connectTimeoutMs, stallTimeoutMs: stall, connections } = options;
  const { Agent, EnvHttpProxyAgent } = await import('undici');
  const limits = {
    ...(connections === undefined ? {} : { connections }),
    ...(stall === undefined ? {} : { headersTimeout: stall, bodyTimeout: stall }),
  };
  const connect = { timeout: connectTimeoutMs, ...(encrypted ? { ca: await trustedCertificates() } : {}) };
  if (isLoopback(host)) return new Agent({ ...limits, connect });
  return new EnvHttpProxyAgent({ ...limits, connect, proxyTls: connect, requestTls: connect, ...proxiesOf(env) });
}

/** The proxies of an environment, as undici takes them. @throws InstallerError `config` naming what is no address of one */
export function proxiesOf(env: Env): { httpProxy: string; httpsProxy: string; noProxy: string } {
  return {
    // Empty, not undefined: undefined would make undici look into the environment of the process.
    httpProxy: proxyIn(env, 'HTTP_PROXY'),
    httpsProxy: proxyIn(env, 'HTTPS_PROXY'),
    noProxy: env.no_proxy ?? env.NO_PROXY ?? '',
  };
}

function proxyIn(env: Env, name: string): string {
  const variable = env[name.toLowerCase()] === undefined ? name : name.toLowerCase();
  const value = env[variable] ?? '';
  if (value === '') return '';
  // curl and Docker take a host with its port alone, too.
  const url = value.includes('://') ? value : `http://${value}`;
  if (URL.canParse(url) && PROXY_SCHEME.test(url)) return url;
  // Not the value: it may hold a password.
  throw new InstallerError('config', `${variable} is not the address of a proxy`, {
    hint: 'such as http://proxy.example:3128',
  });
}

/** Docker trusts the certificates of the system; Node alone would refuse those of a company's proxy. */
async function trustedCertificates(): Promise<string[]> {
  const { getCACertificates } = await import('node:tls');
  return [...new Set([...getCACertificates('default'), ...getCACertificates('system')])];
}
