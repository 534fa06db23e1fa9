import type { ErrorClass } from '../../../src/errors/error-class.ts';
import type { Case } from './case.ts';
import { asNobody, withSmallDisk } from './ground-lines.ts';
import type { Peers } from './peers.ts';

const OTHER_DIGEST = `sha256:${'1'.repeat(64)}`;

/** docker and kubectl. */
export function containerCases(peers: Peers): readonly Case[] {
  return [...dockerCases(peers), ...kubectlCases(peers)];
}

function dockerCases({ web, closed, reset, half, hangUp, login }: Peers): readonly Case[] {
  const pull = (what: string, errorClass: ErrorClass, reference: string) =>
    docker(what, errorClass, `docker pull -q ${reference}`);
  return [
    pull('refused', 'network_reset', `${closed}/some/image:1`),
    pull('reset', 'network_reset', `${reset}/some/image:1`),
    pull('hang-up', 'network_reset', `${hangUp}/some/image:1`),
    pull('half', 'network_reset', `${half}/some/image:1`),
    pull('dns', 'dns', 'no-such-host.invalid/some/image:1'),
    pull('wrong-manifest', 'checksum', `${web}/some/image@${OTHER_DIGEST}`),
    pull('wrong-blob', 'checksum', `${web}/some/image:1`),
    pull('login', 'unauthorized', `${login}/some/image:1`),
    pull('status-403', 'unauthorized', `${web}/status-403/image:1`),
    pull('status-404', 'not_found', `${web}/status-404/image:1`),
    pull('status-429', 'rate_limited', `${web}/status-429/image:1`),
    pull('status-503', 'server_error', `${web}/status-503/image:1`),
    docker('no-such-image', 'not_found', 'docker image inspect no-such-image'),
    docker('no-daemon', 'network_reset', 'docker -H unix:///no/such/socket ps'),
    docker('no-daemon-tcp', 'network_reset', `docker -H tcp://${closed} ps`),
    docker('no-right', 'unauthorized', asNobody('docker ps')),
    docker('missing-program', 'not_runnable', 'docker run --rm local/debian:bookworm-slim no-such-program || exit 1'),
    docker(
      'no-other-platform',
      'not_found',
      'docker run --rm --pull never --platform linux/s390x local/debian:bookworm-slim true',
    ),
    docker('disk-full', 'disk_full', withSmallDisk('docker save -o small/file local/debian:bookworm-slim')),
    docker('wrong-usage', 'not_runnable', 'docker run --no-such-option'),
    docker(
      'name-taken',
      'unknown',
      'docker create --name evidence local/debian:bookworm-slim true || { docker rm evidence >/dev/null; exit 1; }',
      'docker create --name evidence local/debian:bookworm-slim true',
    ),
  ];
}

function docker(what: string, errorClass: ErrorClass, run: string, before = 'true'): Case {
  return { name: `docker-${what}`, class: errorClass, run, before };
}

function kubectlCases({ web, closed, silent, reset, hangUp, selfSigned }: Peers): readonly Case[] {
  const get = (what: string, errorClass: ErrorClass, server: string, options = '') =>
    kubectl(what, errorClass, `kubectl -s ${server} --token=none ${options}get pods`);
  const status = (code: number, errorClass: ErrorClass) =>
    get(`status-${code}`, errorClass, `http://${web}`, `-n status-${code} `);
  return [
    get('refused', 'network_reset', `http://${closed}`),
    get('reset', 'network_reset', `http://${reset}`),
    get('hang-up', 'network_reset', `http://${hangUp}`),
    get('silent', 'network_timeout', `http://${silent}`, '--request-timeout=1s '),
    get('dns', 'dns', 'http://no-such-host.invalid'),
    get('self-signed', 'tls', `https://${selfSigned}`),
    get('no-tls', 'tls', `https://${web}`),
    status(401, 'unauthorized'),
    status(403, 'unauthorized'),
    status(404, 'not_found'),
    status(429, 'rate_limited'),
    status(500, 'server_error'),
    status(503, 'server_error'),
    status(504, 'network_timeout'),
    kubectl(
      'wait-timeout',
      'network_timeout',
      `kubectl -s http://${web} wait --for=condition=Ready --timeout=1s pod/slow`,
    ),
    kubectl('no-such-kind', 'not_found', `kubectl -s http://${web} get no-such-kind`),
    kubectl('missing-file', 'not_found', `kubectl -s http://${web} apply -f no-such-file.yaml`),
    kubectl('wrong-usage', 'not_runnable', 'kubectl get --no-such-option'),
  ];
}

function kubectl(what: string, errorClass: ErrorClass, run: string): Case {
  return { name: `kubectl-${what}`, class: errorClass, run };
}
