import type { ErrorClass } from '../../../src/errors/error-class.ts';
import type { Case } from './case.ts';
import { asNobody, withSmallDisk } from './ground-lines.ts';
import type { Peers } from './peers.ts';

const ME = '-c user.name=me -c user.email=me@example.org';
const REPOSITORY = `git init -q here; cd here; echo text >file; git add file; git ${ME} commit -qm first`;

/** git over HTTP and in a folder. */
export function gitCases({ web, closed, silent, reset, half, hangUp, selfSigned }: Peers): readonly Case[] {
  const clone = (what: string, errorClass: ErrorClass, url: string, options = '') =>
    git(what, errorClass, `git ${options}clone ${url}/repository.git`);
  return [
    clone('refused', 'network_reset', `http://${closed}`),
    clone('reset', 'network_reset', `http://${reset}`),
    clone('hang-up', 'network_reset', `http://${hangUp}`),
    clone('half', 'network_reset', `http://${half}`),
    clone('silent', 'network_timeout', `http://${silent}`, '-c http.lowSpeedLimit=1 -c http.lowSpeedTime=1 '),
    clone('dns', 'dns', 'http://no-such-host.invalid'),
    clone('self-signed', 'tls', `https://${selfSigned}`),
    clone('no-tls', 'tls', `https://${web}`),
    clone('login', 'unauthorized', `http://${web}/status-401`),
    clone('wrong-password', 'unauthorized', `http://me:wrong@${web}/status-401`),
    clone('status-403', 'unauthorized', `http://${web}/status-403`),
    clone('status-404', 'not_found', `http://${web}/status-404`),
    clone('status-429', 'rate_limited', `http://${web}/status-429`),
    clone('status-503', 'server_error', `http://${web}/status-503`),
    clone('ssh-refused', 'network_reset', `ssh://${closed}`),
    git('no-repository', 'not_found', 'git clone ./no-such-folder other'),
    git('no-branch', 'not_found', 'git clone --branch no-such-branch . ../other', REPOSITORY),
    git('no-ref', 'not_found', 'git fetch . no-such-branch', REPOSITORY),
    git('no-pathspec', 'not_found', 'git checkout no-such-branch', REPOSITORY),
    git('lock-held', 'lock_held', 'git add file', `${REPOSITORY}; touch .git/index.lock`),
    git(
      'ref-lock-held',
      'lock_held',
      `git ${ME} commit -qm second --allow-empty`,
      `${REPOSITORY}; touch .git/HEAD.lock`,
    ),
    git('corrupt-object', 'broken_state', 'git fsck', `${REPOSITORY}; ${EMPTY_OBJECTS}`),
    git('bad-head', 'broken_state', 'git log', `${REPOSITORY}; rm -r .git/objects/??`),
    git('broken-index', 'broken_state', 'git status', `${REPOSITORY}; echo text >.git/index`),
    git('disk-full', 'disk_full', withSmallDisk('git init -q small')),
    git('no-right', 'unauthorized', asNobody('git init -q /etc/here')),
    git('no-argument', 'not_runnable', 'git clone'),
    git('wrong-usage', 'not_runnable', 'git clone --no-such-option'),
    git(
      'conflict',
      'unknown',
      'git checkout -q other',
      `${REPOSITORY}; git branch other; echo 2 >file; git ${ME} commit -qam 2; echo 3 >file`,
    ),
    git('no-folder', 'unknown', 'git status', 'cd /'),
  ];
}

const EMPTY_OBJECTS = 'chmod -R u+w .git/objects; for file in .git/objects/??/*; do : >$file; done';

function git(what: string, errorClass: ErrorClass, run: string, before = 'true'): Case {
  return { name: `git-${what}`, class: errorClass, run, before };
}
