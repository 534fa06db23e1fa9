import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { missingPrograms } from '../programs.ts';

export const IMAGE = 'local/debian:bookworm-slim';
const ROOT = fileURLToPath(new URL('../../../', import.meta.url)).replace(/\/$/, '');

/** @returns why tests in a Debian system of their own must be skipped */
export function missingDebian(): string | undefined {
  const missing = missingPrograms('docker', 'dpkg-deb', 'dpkg-scanpackages');
  if (missing !== undefined) return missing;
  const { status } = spawnSync('docker', ['image', 'inspect', IMAGE], { stdio: 'ignore' });
  return status === 0 ? undefined : `Docker has no image ${IMAGE}`;
}

/** A Debian system of the test's own, with this program in it and the host's network. */
export interface Debian {
  /**
   * Runs shell lines as root. Functions there: `installer ARGS` (contextcore-install), `installer_as USER ARGS` (the
   * same in that user's home), `on_terminal WORDS`, `hold_lock FILE SECONDS`, `while_locked FILE WORDS`.
   */
  run(script: string): Promise<{ exitCode: number; output: string }>;
}

const FUNCTIONS = `
installer() { node ${ROOT}/src/cli/contextcore-install.ts "$@"; }
# With a terminal at which nobody types; 124 when it has not ended after a minute.
on_terminal() {
  tail -f /dev/null | timeout 60 script --quiet --return --command ". /tmp/functions; stty cols 200; $*" /dev/null
}
installer_as() { ( user=$1; shift; cd "/home/$user"; exec setpriv --reuid="$user" --regid="$user" --init-groups \\
  env HOME="/home/$user" node ${ROOT}/src/cli/contextcore-install.ts "$@" ) }
hold_lock() {
  perl -e 'use Fcntl; open(my $f, ">", $ARGV[0]) or die; my $l = pack("s s l! l! i", F_WRLCK, 0, 0, 0, 0);
    fcntl($f, F_SETLK, $l) or die; open(my $m, ">", "/tmp/held"); close($m); sleep $ARGV[1]' "$1" "$2" &
  until [ -e /tmp/held ]; do sleep 0.05; done; rm /tmp/held
}
# Lets go of the lock once the words say that they wait for it, however long they took until then.
while_locked() {
  hold_lock "$1" 600; holder=$!; shift
  "$@" >/tmp/said 2>&1 & waiter=$!
  until grep -q waiting /tmp/said || ! kill -0 $waiter 2>/dev/null; do sleep 0.1; done
  kill $holder; wait $waiter; code=$?; cat /tmp/said; return $code
}
`;

export interface DebianOptions {
  image?: string;
  /** Folders of the host to be seen there, read-only. */
  folders?: readonly string[];
}

/** Started for one test, and removed with it. */
export function startDebian({ image = IMAGE, folders = [] }: DebianOptions = {}): Debian {
  const name = `contextcore-test-${randomUUID().slice(0, 8)}`;
  const node = dirname(process.execPath);
  const mounts = [ROOT, node, ...folders].flatMap((path) => ['--volume', `${path}:${path}:ro`]);
  const env = ['--env', 'LC_ALL=C.UTF-8', '--env', 'NO_COLOR=1', '--env', `PATH=${node}:/usr/sbin:/usr/bin:/sbin:/bin`];
  const options = ['--rm', '--detach', '--init', '--network', 'host', '--name', name, ...mounts, ...env];
  execFileSync('docker', ['run', ...options, image, 'sleep', 'infinity'], { stdio: 'ignore' });
  onTestFinished(() => void execFileSync('docker', ['rm', '--force', name], { stdio: 'ignore' }));
  execFileSync('docker', ['exec', '--interactive', name, 'sh', '-c', 'cat >/tmp/functions'], { input: FUNCTIONS });
  return {
    run: (script) =>
      new Promise((resolve, reject) => {
        const child = spawn('docker', ['exec', name, 'sh', '-c', `exec 2>&1\n. /tmp/functions\n${script}`]);
        let output = '';
        child.stdout.setEncoding('utf8').on('data', (text: string) => {
          output += text;
        });
        child.once('error', reject);
        child.once('close', (code) => resolve({ exitCode: code ?? -1, output }));
      }),
  };
}
