import type { ErrorClass } from '../../../src/errors/error-class.ts';
import type { Case } from './case.ts';
import type { Peers } from './peers.ts';

const UPDATE = 'apt-get -q -o Acquire::Retries=0 -o Acquire::http::Timeout=2 update';
const INSTALL = 'apt-get -qy install';
const SOURCES = '/etc/apt/sources.list';
const HOLD_LOCK =
  "perl -e 'use Fcntl; open(my $f, q(>), shift); my $lock = pack(q(s s x4 q q i x4), F_WRLCK, 0, 0, 0, 0); fcntl($f, F_SETLK, $lock) or die; sleep 20'";

/** apt and dpkg, each in a fresh container. */
export function aptCases({ web, closed, silent, half, selfSigned }: Peers): readonly Case[] {
  const files = `http://${web}/files`;
  const use = (url: string, options = '[trusted=yes]') => `echo 'deb ${options} ${url} ./' >${SOURCES}`;
  const good = `${use(`${files}/apt-good`)}; ${UPDATE}`;
  const fetch = (name: string) => `perl -e '${DOWNLOAD}' ${web} /files/${name}.deb >/tmp/${name}.deb`;
  /** What `apt-get update` only warns of lets `apt-get -eany update` fail. */
  const update = (what: string, errorClass: ErrorClass, url: string, options?: string, also = 'true') =>
    one(what, errorClass, `${UPDATE} -eany`, `${use(url, options)}; ${also}`);
  return [
    update('refused', 'network_reset', `http://${closed}`),
    update('silent', 'network_timeout', `http://${silent}`),
    update('half', 'network_reset', `http://${half}`),
    update('dns', 'dns', 'http://no-such-host.invalid'),
    update(
      'dns-unanswered',
      'dns',
      'http://example.org',
      '[trusted=yes]',
      'echo nameserver 127.0.0.9 >/etc/resolv.conf',
    ),
    update('self-signed', 'tls', `https://${selfSigned}`),
    update('status-404', 'not_found', `http://${web}/status-404`),
    update('status-401', 'unauthorized', `http://${web}/status-401`),
    update('status-503', 'server_error', `http://${web}/status-503`),
    update('status-429', 'rate_limited', `http://${web}/status-429`),
    update('wrong-index', 'checksum', `${files}/apt-wrong-index`),
    update('stale', 'checksum', `${files}/apt-stale`),
    update('unsigned', 'checksum', `${files}/apt-good`, '[trusted=no]'),
    one('wrong-package', 'checksum', `${INSTALL} fine`, `${use(`${files}/apt-wrong-package`)}; ${UPDATE}`),
    one('wrong-size', 'checksum', `${INSTALL} fine`, `${use(`${files}/apt-wrong-size`)}; ${UPDATE}`),
    one(
      'package-gone',
      'not_found',
      `${INSTALL} fine`,
      `${good}; sed -i 's/fine.deb/gone.deb/' /var/lib/apt/lists/*_Packages`,
    ),
    one(
      'malformed-index',
      'broken_state',
      `${INSTALL} fine`,
      `${good}; echo 'no index' >$(ls /var/lib/apt/lists/*_Packages)`,
    ),
    one('malformed-sources', 'unknown', UPDATE, `echo 'no source' >${SOURCES}`),
    one('no-such-package', 'not_found', `${INSTALL} no-such-package`, good),
    one('no-such-version', 'not_found', `${INSTALL} fine=9.9`, good),
    one(
      'no-candidate',
      'not_found',
      `${INSTALL} not-in-any-archive`,
      `${fetch('lonely')}; dpkg -i /tmp/lonely.deb; ${good}`,
    ),
    one('wrong-usage', 'not_runnable', 'apt-get --no-such-option update'),
    one('no-right', 'unauthorized', `setpriv --reuid=65534 --regid=65534 --clear-groups ${INSTALL} fine`),
    one('disk-full', 'disk_full', `${INSTALL} fine`, good, ['--tmpfs', '/var/cache/apt/archives:size=4k']),
    one('unmet', 'broken_state', `${INSTALL} fine`, `${fetch('lonely')}; dpkg -i /tmp/lonely.deb; ${good}`),
    one('failing-script', 'broken_state', `${INSTALL} /tmp/failing.deb`, `${fetch('failing')}`),
    one('interrupted', 'broken_state', `${INSTALL} fine`, `${good}; ${fetch('killer')}; dpkg -i /tmp/killer.deb`),
    one('lock-held', 'lock_held', `${INSTALL} fine`, `${good}; ${HOLD_LOCK} /var/lib/dpkg/lock-frontend & sleep 1`),
    one('lists-lock-held', 'lock_held', UPDATE, `${HOLD_LOCK} /var/lib/apt/lists/lock & sleep 1`),
    one(
      'lock-waited',
      'lock_held',
      `${INSTALL} -o DPkg::Lock::Timeout=2 fine`,
      `${good}; ${HOLD_LOCK} /var/lib/dpkg/lock-frontend & sleep 1`,
    ),
    dpkg('lock-held', 'lock_held', 'dpkg --configure -a', `${HOLD_LOCK} /var/lib/dpkg/lock-frontend & sleep 1`),
    dpkg('database-lock-held', 'lock_held', 'dpkg --configure -a', `${HOLD_LOCK} /var/lib/dpkg/lock & sleep 1`),
    dpkg('status-broken', 'broken_state', 'dpkg -l', 'echo "no status" >/var/lib/dpkg/status'),
    dpkg('unmet', 'broken_state', 'dpkg -i /tmp/lonely.deb', fetch('lonely')),
    dpkg('not-an-archive', 'checksum', 'dpkg -i /tmp/fine.deb', 'echo text >/tmp/fine.deb'),
    dpkg('cut-archive', 'checksum', 'dpkg -i /tmp/fine.deb', `${fetch('fine')}; truncate -s 400 /tmp/fine.deb`),
    dpkg('no-right', 'unauthorized', 'HOME=/ setpriv --reuid=65534 --regid=65534 --clear-groups dpkg --configure -a'),
    dpkg('disk-full', 'disk_full', 'dpkg -i /tmp/fine.deb', fetch('fine'), ['--tmpfs', '/usr/share/doc:size=4k']),
  ];
}

/** A plain HTTP GET, for images without curl. */
const DOWNLOAD =
  'use IO::Socket; my ($at, $path) = @ARGV; my $s = IO::Socket::INET->new($at); print $s "GET $path HTTP/1.0\\r\\nHost: $at\\r\\n\\r\\n"; local $/; my $all = <$s>; $all =~ s/^.*?\\r\\n\\r\\n//s; print $all';

function one(what: string, errorClass: ErrorClass, run: string, before = 'true', inside: readonly string[] = []): Case {
  return { name: `apt-${what}`, class: errorClass, run, before, inside };
}

function dpkg(
  what: string,
  errorClass: ErrorClass,
  run: string,
  before = 'true',
  inside: readonly string[] = [],
): Case {
  return { name: `dpkg-${what}`, class: errorClass, run, before, inside };
}
