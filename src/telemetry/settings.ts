import { InstallerError } from '../errors/installer-error.ts';

type Env = Readonly<Record<string, string | undefined>>;

export const OTLP_SIGNALS = ['traces', 'metrics', 'logs'] as const;
export type OtlpSignal = (typeof OTLP_SIGNALS)[number];

/** An address that takes telemetry, or answers about it. Credentials are in the headers, never in the address. */
export interface Endpoint {
  url: string;
  headers: Readonly<Record<string, string>>;
  /** Path of a PEM file with the certificates of a private CA. */
  caFile?: string;
}

export interface TelemetrySettings {
  remoteWrite?: Endpoint;
  /** Base address of a Pushgateway. */
  pushgateway?: Endpoint;
  /** Address of the Prometheus API, without `/api/v1/query`. */
  query?: Endpoint;
  otlp: Readonly<Partial<Record<OtlpSignal, Endpoint>>>;
  /** Tenant, for what was found by itself; credentials are for the addresses they were given with. */
  tenantHeaders: Readonly<Record<string, string>>;
  /** Proxies are taken from here. */
  env: Env;
}

/** What was asked for by flags or the configuration file; wins over the environment. */
export interface TelemetryWishes {
  remoteWriteUrl?: string;
  pushgatewayUrl?: string;
  queryUrl?: string;
  tenant?: string;
}

const PREFIX = 'CONTEXTCORE_REMOTE_WRITE_';

/**
 * Where telemetry goes, by flags, configuration and environment. OTLP follows
 * https://opentelemetry.io/docs/specs/otel/protocol/exporter/: a general address is extended by `/v1/SIGNAL`, one for
 * a signal is taken as it is.
 *
 * @param secret value of a credential by the name of its variable (which may also name a file, NAME_FILE)
 * @throws InstallerError `config` for an address that is none
 */
export function resolveSettings(
  wishes: TelemetryWishes,
  env: Env,
  secret: (name: string) => string | undefined,
): TelemetrySettings {
  const tenant = wishes.tenant ?? text(env.CONTEXTCORE_TENANT);
  const tenantHeaders = tenant === undefined ? {} : { 'X-Scope-OrgID': tenant };
  const headers = { ...tenantHeaders, ...credentials(env, secret) };
  const caFile = text(env[`${PREFIX}CA_FILE`]);
  const endpoint = (name: string, address: string | undefined): Endpoint | undefined =>
    address === undefined ? undefined : makeEndpoint(name, address, headers, caFile);
  const asked = (flag: string, wish: string | undefined, variable: string) =>
    wish ? endpoint(flag, wish) : endpoint(variable, text(env[variable]));
  // One of the two is used: a flag says which, whatever the environment says.
  const byFlag = wishes.pushgatewayUrl !== undefined && wishes.remoteWriteUrl === undefined;
  const remoteWrite = byFlag ? undefined : asked('--remote-write-url', wishes.remoteWriteUrl, `${PREFIX}URL`);
  const pushgateway = asked('--pushgateway-url', wishes.pushgatewayUrl, 'CONTEXTCORE_PUSHGATEWAY_URL');
  const query = asked('--from', wishes.queryUrl, 'CONTEXTCORE_QUERY_URL');
  return {
    otlp: otlpEndpoints(env),
    tenantHeaders,
    env,
    ...(remoteWrite === undefined ? {} : { remoteWrite }),
    ...(pushgateway === undefined ? {} : { pushgateway }),
    ...(query === undefined ? {} : { query }),
  };
}

/** Names of the variables that hold credentials; each may be given as NAME_FILE. */
export const CREDENTIAL_VARIABLES = [`${PREFIX}PASSWORD`, `${PREFIX}TOKEN`] as const;

function credentials(env: Env, secret: (name: string) => string | undefined): Record<string, string> {
  const [password, token] = CREDENTIAL_VARIABLES.map(secret);
  if (token !== undefined) return { Authorization: `Bearer ${token}` };
  if (password === undefined) return {};
  return { Authorization: basic(env[`${PREFIX}USERNAME`] ?? '', password) };
}

const EXAMPLES: Readonly<Record<string, string>> = {
  '--from': 'http://127.0.0.1:9009',
  CONTEXTCORE_QUERY_URL: 'http://127.0.0.1:9009',
  '--pushgateway-url': 'http://pushgateway:9091',
  CONTEXTCORE_PUSHGATEWAY_URL: 'http://pushgateway:9091',
};

/** @param name of the flag or variable, for the error */
function makeEndpoint(
  name: string,
  address: string,
  headers: Readonly<Record<string, string>>,
  caFile?: string,
): Endpoint {
  const url = URL.canParse(address) ? new URL(address) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new InstallerError('config', `${name}: not an http(s) address`, {
      hint: `such as ${EXAMPLES[name] ?? 'https://mimir.example.org/api/v1/push'}`,
    });
  }
  const { username, password } = url;
  url.username = '';
  url.password = '';
  const own =
    username === '' ? {} : { Authorization: basic(decodeURIComponent(username), decodeURIComponent(password)) };
  return {
    url: url.href.replace(/\/$/, ''),
    headers: { ...headers, ...own },
    ...(caFile === undefined ? {} : { caFile }),
  };
}

function basic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

function otlpEndpoints(env: Env): Partial<Record<OtlpSignal, Endpoint>> {
  if (env.OTEL_SDK_DISABLED?.trim().toLowerCase() === 'true') return {};
  const endpoints: Partial<Record<OtlpSignal, Endpoint>> = {};
  for (const signal of OTLP_SIGNALS) {
    const of = (what: string) => text(env[`OTEL_EXPORTER_OTLP_${signal.toUpperCase()}_${what}`]);
    const general = (what: string) => text(env[`OTEL_EXPORTER_OTLP_${what}`]);
    const base = general('ENDPOINT');
    const address = of('ENDPOINT') ?? (base === undefined ? undefined : `${base.replace(/\/+$/, '')}/v1/${signal}`);
    if (address === undefined || env[`OTEL_${signal.toUpperCase()}_EXPORTER`]?.trim() === 'none') continue;
    const headers = { ...parseHeaders(general('HEADERS')), ...parseHeaders(of('HEADERS')) };
    endpoints[signal] = makeEndpoint(
      'OTEL_EXPORTER_OTLP_ENDPOINT',
      address,
      headers,
      of('CERTIFICATE') ?? general('CERTIFICATE'),
    );
  }
  return endpoints;
}

/** `key=value` pairs, separated by commas, percent-encoded. */
function parseHeaders(value: string | undefined): Record<string, string> {
  const pairs = (value ?? '').split(',').flatMap((pair) => {
    const equals = pair.indexOf('=');
    return equals < 1 ? [] : [[pair.slice(0, equals).trim(), decode(pair.slice(equals + 1).trim())] as const];
  });
  return Object.fromEntries(pairs);
}

function decode(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

/** A variable that is set to nothing is not set. */
function text(value: string | undefined): string | undefined {
  return value === undefined || value.trim() === '' ? undefined : value.trim();
}
