import type { Case } from './case.ts';
import { asNobody, toUnreachable, withoutRoutes, withSmallDisk } from './ground-lines.ts';
import type { Peers } from './peers.ts';

/** The shell, coreutils, perl (libc's own words) and ssh. */
export function shellCases(peers: Peers): readonly Case[] {
  const [, closedPort] = peers.closed.split(':');
  const [, resetPort] = peers.reset.split(':');
  const [, silentPort] = peers.silent.split(':');
  const ssh = 'ssh -o BatchMode=yes -o StrictHostKeyChecking=accept-new -o ConnectTimeout=1';
  const connect = (host: string) => `perl -MIO::Socket -e "IO::Socket::INET->new(q(${host})) or die qq(\\$!\\n)"`;
  return [
    { name: 'sh-not-found', class: 'not_runnable', run: 'no-such-program --version >/dev/null 2>&1' },
    { name: 'sh-not-executable', class: 'not_runnable', before: 'echo text >file', run: './file 2>/dev/null' },
    {
      name: 'sh-wrong-architecture',
      class: 'not_runnable',
      before: "printf '\\177ELF\\002\\001\\001\\000\\000' >program; chmod +x program",
      run: 'bash -c ./program || exit 1',
    },
    { name: 'sh-not-found-in-script', class: 'not_runnable', run: 'no-such-program || exit 1' },
    { name: 'bash-not-found-in-script', class: 'not_runnable', run: "bash -c 'no-such-program || exit 1'" },
    { name: 'sh-false', class: 'unknown', run: 'false' },
    { name: 'sh-interrupted', class: 'cancelled', run: "sh -c 'kill -INT $$'" },
    { name: 'sh-terminated', class: 'cancelled', run: "sh -c 'kill -TERM $$'" },
    { name: 'sh-killed', class: 'unknown', run: "sh -c 'kill -KILL $$'" },
    { name: 'timeout-sleep', class: 'network_timeout', run: 'timeout 0.1 sleep 10' },
    {
      name: 'dd-disk-full',
      class: 'disk_full',
      run: withSmallDisk('dd if=/dev/zero of=small/file bs=64k count=2 status=none'),
    },
    {
      name: 'cp-quota',
      class: 'disk_full',
      before: 'echo text >file; touch copy',
      run: 'strace -o trace -P $PWD/copy -e inject=copy_file_range,write:error=EDQUOT cp file copy',
    },
    {
      name: 'cp-busy',
      class: 'lock_held',
      before: 'cp /bin/sleep program; ./program 9 & sleep 1',
      run: 'cp /bin/sleep program',
    },
    {
      name: 'sha256sum-differs',
      class: 'checksum',
      before: 'echo a >file; sha256sum file >SUMS; echo b >file',
      run: 'sha256sum -c SUMS',
    },
    { name: 'flock-held', class: 'unknown', before: 'flock lock sleep 30 &\nsleep 1', run: 'flock -n lock true' },
    { name: 'touch-no-right', class: 'unauthorized', run: asNobody('touch /etc/file') },
    { name: 'perl-refused', class: 'network_reset', run: connect(peers.closed) },
    { name: 'perl-unreachable', class: 'network_reset', run: toUnreachable(connect('192.0.2.1:80')) },
    { name: 'perl-no-route', class: 'network_reset', run: withoutRoutes(connect('192.0.2.1:80')) },
    {
      name: 'tar-cut',
      class: 'checksum',
      before: 'head -c 9999 /dev/urandom >file; tar czf all.tgz file; truncate -s 5000 all.tgz',
      run: 'tar xzf all.tgz',
    },
    { name: 'ssh-refused', class: 'network_reset', run: `${ssh} -p ${closedPort} 127.0.0.1 true` },
    { name: 'ssh-dns', class: 'dns', run: `${ssh} no-such-host.invalid true` },
    { name: 'ssh-dns-unanswered', class: 'dns', run: withoutRoutes(`${ssh} example.org true`) },
    { name: 'ssh-reset', class: 'network_reset', run: `${ssh} -p ${resetPort} 127.0.0.1 true` },
    { name: 'ssh-silent', class: 'network_timeout', run: `${ssh} -p ${silentPort} 127.0.0.1 true` },
    { name: 'ssh-quiet', class: 'network_reset', run: `${ssh} -q -p ${closedPort} 127.0.0.1 true` },
    ...sshdCases(ssh),
  ];
}

/** Against a real sshd in a container. */
function sshdCases(ssh: string): readonly Case[] {
  const install = 'apt-get update && apt-get install -y --no-install-recommends openssh-server openssh-client';
  const start = 'mkdir -p /run/sshd ~/.ssh && /usr/sbin/sshd -p 2222 -o ListenAddress=127.0.0.1 && sleep 1';
  const stranger = 'ssh-keygen -qN "" -f key && echo "[127.0.0.1]:2222 $(cat key.pub)" >~/.ssh/known_hosts';
  return [
    {
      name: 'ssh-no-key',
      class: 'unauthorized',
      inside: [],
      before: `${install}; ${start}`,
      run: `${ssh} -p 2222 127.0.0.1 true`,
    },
    {
      name: 'ssh-other-host-key',
      class: 'tls',
      inside: [],
      before: `${install}; ${start}; ${stranger}`,
      run: `${ssh} -p 2222 127.0.0.1 true`,
    },
  ];
}
