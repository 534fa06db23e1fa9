import type { ErrorClass } from '../../../src/errors/error-class.ts';
import type { Case } from './case.ts';
import { asNobody, withSmallDisk } from './ground-lines.ts';
import type { Peers } from './peers.ts';

const NPM = 'npm --no-audit --no-fund --fetch-retries=0 --fetch-timeout=2000';
const PIP = 'pip --isolated --no-input --retries 1 --timeout 1';

/** npm, pip and uv against registries that fail. */
export function packageCases(peers: Peers): readonly Case[] {
  return [...npmCases(peers), ...pipCases(peers), ...uvCases(peers)];
}

function npmCases({ web, closed, silent, reset, half, selfSigned }: Peers): readonly Case[] {
  const from = (what: string, errorClass: ErrorClass, registry: string, name = 'some-package') =>
    npm(what, errorClass, `${NPM} --registry=${registry} install ${name}`);
  return [
    from('refused', 'network_reset', `http://${closed}`),
    from('reset', 'network_reset', `http://${reset}`),
    from('half', 'network_reset', `http://${half}`),
    from('silent', 'network_timeout', `http://${silent}`),
    from('dns', 'dns', 'http://no-such-host.invalid'),
    from('self-signed', 'tls', `https://${selfSigned}`),
    from('wrong-sum', 'checksum', `http://${web}/npm`, 'wrong-sum'),
    from('no-such-version', 'not_found', `http://${web}/npm`, 'wrong-sum@9.9.9'),
    ...([401, 403, 404, 429, 500, 503] as const).map((status) =>
      from(`status-${status}`, NPM_CLASSES[status], `http://${web}/status-${status}`),
    ),
    npm('disk-full', 'disk_full', withSmallDisk('cd small; head -c 99999 /dev/zero >fill; npm init -y')),
    npm('no-right', 'unauthorized', asNobody('npm --cache=/tmp/none --prefix=/etc/npm init -y')),
    npm('missing-program', 'not_runnable', 'npm run build', PACKAGE('"scripts": { "build": "no-such-program" }')),
    npm('failing-script', 'unknown', 'npm run build', PACKAGE('"scripts": { "build": "exit 3" }')),
    npm('no-such-script', 'unknown', 'npm run build', PACKAGE('"name": "one"')),
    npm('no-package', 'not_found', 'npm run build'),
  ];
}

const NPM_CLASSES = {
  401: 'unauthorized',
  403: 'unauthorized',
  404: 'not_found',
  429: 'rate_limited',
  500: 'server_error',
  503: 'server_error',
} as const;

const PACKAGE = (content: string) => `echo '{ ${content} }' >package.json`;
function npm(what: string, errorClass: ErrorClass, run: string, before = 'true'): Case {
  return { name: `npm-${what}`, class: errorClass, run, before };
}

/** An index of Python's packages that cannot be reached, whoever asks it. */
function indexCases(
  from: (what: string, errorClass: ErrorClass, index: string) => Case,
  { closed, silent, reset, hangUp, selfSigned }: Peers,
): readonly Case[] {
  return [
    from('refused', 'network_reset', `http://${closed}`),
    from('reset', 'network_reset', `http://${reset}`),
    from('hang-up', 'network_reset', `http://${hangUp}`),
    from('silent', 'network_timeout', `http://${silent}`),
    from('dns', 'dns', 'https://no-such-host.invalid'),
    from('self-signed', 'tls', `https://${selfSigned}`),
  ];
}

function pipCases(peers: Peers): readonly Case[] {
  const { web, half } = peers;
  const from = (what: string, errorClass: ErrorClass, index: string, name = 'some-package') =>
    pip(what, errorClass, `${PIP} download --no-deps -i ${index} ${name}`);
  /** The index answers with a link, and the file behind it fails. */
  const file = (what: string, errorClass: ErrorClass, url: string) =>
    pip(what, errorClass, `${PIP} download --no-deps ${url}/wrong_sum-1.0-py3-none-any.whl`);
  return [
    ...indexCases(from, peers),
    from('wrong-sum', 'checksum', `http://${web}/simple`, 'wrong-sum'),
    from('no-such-version', 'not_found', `http://${web}/simple`, 'wrong-sum==9.9'),
    from('no-such-package', 'not_found', `http://${web}/simple`, 'no-such-package'),
    // pip says no more of an index that fails, unless it is asked to (-vv).
    from('index-503-quiet', 'not_found', `http://${web}/status-503`),
    from('index-503', 'server_error', `http://${web}/status-503`, '-vv some-package'),
    from('index-403', 'unauthorized', `http://${web}/status-403`, '-vv some-package'),
    // A pip before 25.1 does not notice that the file is too short.
    file('half', 'checksum', `http://${half}`),
    ...([401, 403, 404, 429, 503] as const).map((status) =>
      file(`status-${status}`, NPM_CLASSES[status], `http://${web}/status-${status}`),
    ),
    pip('broken-archive', 'checksum', `${PIP} install --target here http://${web}/files/broken-1.0-py3-none-any.whl`),
    pip(
      'disk-full',
      'disk_full',
      withSmallDisk(
        `TMPDIR=$PWD/small pip --isolated --no-cache-dir download --no-deps http://${web}/files/big-1.0-py3-none-any.whl`,
      ),
    ),
    pip(
      'no-right',
      'unauthorized',
      asNobody(`pip --isolated install --target /etc/pip http://${web}/files/good-1.0-py3-none-any.whl`),
    ),
    pip(
      'no-record',
      'broken_state',
      'here/bin/pip install --upgrade --no-index good-2.0-py3-none-any.whl',
      NO_RECORD(web),
    ),
    pip(
      'half-resumed',
      'network_reset',
      `here/bin/pip --isolated --timeout 1 download --resume-retries 1 http://${half}/some_package-1.0-py3-none-any.whl`,
      'python3 -m venv here; here/bin/pip install pip==26.3',
    ),
    pip('wrong-usage', 'not_runnable', 'pip --no-such-option'),
  ];
}

const NO_RECORD = (web: string) => `python3 -m venv here
  here/bin/pip install http://${web}/files/good-1.0-py3-none-any.whl
  rm here/lib/python3*/site-packages/good-1.0.dist-info/RECORD
  curl -sO http://${web}/files/good-2.0-py3-none-any.whl`;

function pip(what: string, errorClass: ErrorClass, run: string, before = 'true'): Case {
  return { name: `pip-${what}`, class: errorClass, run, before };
}

const UV = 'UV_HTTP_RETRIES=0 UV_HTTP_TIMEOUT=1 uv --no-config --cache-dir cache';

function uvCases(peers: Peers): readonly Case[] {
  const { web, half } = peers;
  const uv = (what: string, errorClass: ErrorClass, run: string): Case => ({
    name: `uv-${what}`,
    class: errorClass,
    run,
    before: 'uv venv .venv; mkdir cache',
  });
  const from = (what: string, errorClass: ErrorClass, index: string, name = 'some-package') =>
    uv(what, errorClass, `${UV} pip install --default-index ${index} ${name}`);
  return [
    ...indexCases(from, peers),
    from('not-an-archive', 'checksum', `http://${web}/simple`, 'wrong-sum'),
    from('no-such-version', 'not_found', `http://${web}/simple`, 'wrong-sum==9.9'),
    from('no-such-package', 'not_found', `http://${web}/simple`, 'no-such-package'),
    ...([401, 403, 404, 429, 503] as const).map((status) =>
      from(`status-${status}`, NPM_CLASSES[status], `http://${web}/status-${status}`),
    ),
    uv('half', 'checksum', `${UV} pip install --no-deps http://${half}/some_package-1.0-py3-none-any.whl`),
    uv('broken-archive', 'checksum', `${UV} pip install http://${web}/files/broken-1.0-py3-none-any.whl`),
    uv(
      'wrong-sum',
      'checksum',
      `${UV} pip install http://${web}/files/good-1.0-py3-none-any.whl#sha256=${'0'.repeat(64)}`,
    ),
    uv('lock-held', 'lock_held', 'flock cache/.lock env UV_LOCK_TIMEOUT=1 uv --cache-dir cache cache clean'),
    uv('wrong-usage', 'not_runnable', `${UV} pip install --no-such-option some-package`),
  ];
}
