import type { ErrorClass } from '../../../src/errors/error-class.ts';
import type { Case } from './case.ts';
import { withoutRoutes } from './ground-lines.ts';
import type { Peers } from './peers.ts';

const BY_STATUS: Readonly<Record<number, ErrorClass>> = {
  401: 'unauthorized',
  403: 'unauthorized',
  404: 'not_found',
  407: 'unauthorized',
  408: 'network_timeout',
  410: 'not_found',
  425: 'server_error',
  429: 'rate_limited',
  500: 'server_error',
  503: 'server_error',
  507: 'disk_full',
};

/** curl with its message, curl and wget without any (only the exit code tells), wget with its message. */
export function webCases(peers: Peers): readonly Case[] {
  const { web, closed, silent, reset, hangUp, half, stall, selfSigned, expired, otherName } = peers;
  const byStatus = Object.entries(BY_STATUS).map(
    ([status, errorClass]): Case => ({
      name: `curl-status-${status}`,
      class: errorClass,
      run: `curl -fsS http://${web}/status-${status}`,
    }),
  );
  return [
    ...byStatus,
    // What a script shows when the exit code is lost behind a pipe or `|| exit 1`.
    { name: 'curl-refused-in-script', class: 'network_reset', run: `curl -sS http://${closed} || exit 1` },
    { name: 'curl-no-tls-in-script', class: 'tls', run: `curl -sS https://${web} || exit 1` },
    { name: 'wget-headers-503', class: 'server_error', run: `wget -q -S --spider --tries=1 http://${web}/status-503` },
    { name: 'curl-self-signed', class: 'tls', run: `curl -sS https://${selfSigned} || exit 1` },
    { name: 'curl-dns-quiet', class: 'dns', run: 'curl -s http://no-such-host.invalid' },
    { name: 'curl-proxy-dns-quiet', class: 'dns', run: 'curl -s -x http://no-such-proxy.invalid http://example.org' },
    { name: 'curl-refused-quiet', class: 'network_reset', run: `curl -s http://${closed}` },
    { name: 'curl-half-quiet', class: 'network_reset', run: `curl -s -o file http://${half}` },
    { name: 'curl-timeout-quiet', class: 'network_timeout', run: `curl -s -m 1 http://${silent}` },
    { name: 'curl-tls-quiet', class: 'tls', run: `curl -s https://${web}` },
    { name: 'curl-hang-up-quiet', class: 'network_reset', run: `curl -s http://${hangUp}` },
    { name: 'curl-reset-quiet', class: 'network_reset', run: `curl -s http://${reset}` },
    { name: 'curl-self-signed-quiet', class: 'tls', run: `curl -s https://${selfSigned}` },
    { name: 'curl-status-quiet', class: 'unknown', run: `curl -sf http://${web}/status-503` },
    { name: 'curl-wrong-usage', class: 'not_runnable', run: 'curl --no-such-option' },
    { name: 'wget-refused-quiet', class: 'network_reset', run: `wget -q --tries=1 http://${closed}` },
    { name: 'wget-tls-quiet', class: 'tls', run: `wget -q --tries=1 https://${selfSigned}` },
    { name: 'wget-login-quiet', class: 'unauthorized', run: `wget -q --tries=1 http://${web}/status-401` },
    { name: 'wget-status-quiet', class: 'unknown', run: `wget -q --tries=1 http://${web}/status-503` },
    { name: 'wget-refused', class: 'network_reset', run: `wget -nv --tries=1 http://${closed}` },
    { name: 'wget-dns', class: 'dns', run: 'wget -nv --tries=1 http://no-such-host.invalid' },
    { name: 'wget-timeout', class: 'network_timeout', run: `wget -nv --tries=1 --timeout=1 http://${silent}` },
    { name: 'wget-stall', class: 'network_timeout', run: `wget --progress=dot --tries=1 --timeout=1 http://${stall}` },
    { name: 'wget-hang-up', class: 'network_reset', run: `wget -nv --tries=1 http://${hangUp}` },
    { name: 'wget-self-signed', class: 'tls', run: `wget -nv --tries=1 https://${selfSigned}` },
    { name: 'wget-expired', class: 'tls', run: `wget -nv --tries=1 --ca-certificate=ca.crt https://${expired}` },
    {
      name: 'wget-other-name',
      class: 'tls',
      run: `wget -nv --tries=1 --ca-certificate=ca.crt https://${otherName}`,
    },
    { name: 'wget-status-404', class: 'not_found', run: `wget -nv --tries=1 http://${web}/status-404` },
    { name: 'wget-no-route', class: 'network_reset', run: withoutRoutes('wget -nv --tries=1 http://192.0.2.1') },
    { name: 'curl-login-pipe', class: 'unauthorized', run: `curl -fsS http://${web}/status-401 | grep -q token` },
  ];
}
