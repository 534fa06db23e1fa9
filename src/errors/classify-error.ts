import type { ErrorClass } from './error-class.ts';
import { InstallerError } from './installer-error.ts';

const BY_ERRNO: Readonly<Record<string, ErrorClass>> = {
  ETIMEDOUT: 'network_timeout',
  UND_ERR_CONNECT_TIMEOUT: 'network_timeout',
  UND_ERR_HEADERS_TIMEOUT: 'network_timeout',
  UND_ERR_BODY_TIMEOUT: 'network_timeout',
  ECONNRESET: 'network_reset',
  ECONNREFUSED: 'network_reset',
  EPIPE: 'network_reset',
  EHOSTUNREACH: 'network_reset',
  ENETUNREACH: 'network_reset',
  UND_ERR_SOCKET: 'network_reset',
  EAI_AGAIN: 'dns',
  ENOTFOUND: 'dns',
  ENOSPC: 'disk_full',
  EDQUOT: 'disk_full',
  ENOENT: 'not_runnable',
  EACCES: 'not_runnable',
};

const TLS_CODE = /^(CERT_|ERR_TLS_|ERR_SSL_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_(GET|VERIFY)_|HOSTNAME_MISMATCH)/;

/** Known output of programs, most telling first. */
const BY_OUTPUT: readonly (readonly [RegExp, ErrorClass])[] = [
  [/no space left on device/i, 'disk_full'],
  [/toomanyrequests|too many requests|\b429\b/i, 'rate_limited'],
  [/manifest unknown|not found: manifest|\b404\b|no such image/i, 'not_found'],
  [/unauthorized|authentication required|access denied|\b401\b|\b403\b/i, 'unauthorized'],
  [/x509:|certificate (?:has expired|verify failed|signed by unknown)/i, 'tls'],
  [/temporary failure (?:in name resolution|resolving)|no such host|could not resolve/i, 'dns'],
  [/i\/o timeout|timed? ?out|deadline exceeded|handshake timeout/i, 'network_timeout'],
  [/connection (?:reset|refused)|unexpected eof|broken pipe/i, 'network_reset'],
  [/\b(?:500|502|503|504)\b (?:internal|bad gateway|service|gateway)/i, 'server_error'],
];

/** What a failure most likely is, from errno, causes and the known output of programs. */
export function classifyError(thrown: unknown): ErrorClass {
  for (let error = thrown, depth = 0; error instanceof Error && depth < 5; error = error.cause, depth += 1) {
    if (error instanceof InstallerError && error.details.class !== undefined) return error.details.class;
    const { code, name } = error as NodeJS.ErrnoException;
    const known = code === undefined ? undefined : BY_ERRNO[code];
    if (known !== undefined) return known;
    if (code !== undefined && TLS_CODE.test(code)) return 'tls';
    if (name === 'TimeoutError') return 'network_timeout';
    if (name === 'AbortError') return 'cancelled';
  }
  const text = thrown instanceof InstallerError ? (thrown.details.tail ?? []).join('\n') : '';
  return BY_OUTPUT.find(([pattern]) => pattern.test(text))?.[1] ?? 'unknown';
}
