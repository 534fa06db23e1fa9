import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { findFreePort } from '../free-port.ts';
import { missingPrograms } from '../programs.ts';
import { makeTempFolder } from '../temp-folder.ts';

const SSHD = '/usr/sbin/sshd';

/** @returns why a test with a real sshd must be skipped */
export function missingForSsh(): string | undefined {
  return missingPrograms('ssh', 'ssh-keygen') ?? (existsSync(SSHD) ? undefined : `there is no ${SSHD}`);
}

export interface SshServer {
  port: number;
  user: string;
  /** Configuration of a client that knows its key, and has one that it accepts. */
  config: string;
  folder: string;
  /** Ends it and everybody it serves. */
  stop(): Promise<void>;
  start(): Promise<void>;
  /** Gives it another host key, from its next start on. */
  changeHostKey(): void;
}

/** A real sshd of this user on a free loopback port, with keys of its own; not started yet. */
export async function makeSshServer(): Promise<SshServer> {
  const folder = await makeTempFolder();
  const port = await findFreePort();
  const path = (name: string) => join(folder, name);
  const makeKey = (name: string) => {
    // It would ask about one that is there. An answer that it does not wait for breaks the pipe, now and then.
    rmSync(path(name), { force: true });
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', path(name)], { stdio: 'ignore' });
  };
  for (const name of ['host', 'user']) makeKey(name);
  await writeFile(path('authorized'), await readFile(path('user.pub')), { mode: 0o600 });
  const [type, key] = (await readFile(path('host.pub'), 'utf8')).split(' ');
  await writeFile(path('known'), `[127.0.0.1]:${port} ${type} ${key}\n`);
  await writeFile(
    path('sshd_config'),
    [
      `Port ${port}`,
      'ListenAddress 127.0.0.1',
      `HostKey ${path('host')}`,
      `AuthorizedKeysFile ${path('authorized')}`,
      'PasswordAuthentication no',
      'KbdInteractiveAuthentication no',
      'UsePAM no',
      'StrictModes no',
      'PermitRootLogin yes',
      'PidFile none',
    ].join('\n'),
  );
  await writeFile(
    path('config'),
    [
      `IdentityFile ${path('user')}`,
      'IdentitiesOnly yes',
      `UserKnownHostsFile ${path('known')}`,
      'GlobalKnownHostsFile /dev/null',
      'StrictHostKeyChecking yes',
    ].join('\n'),
  );
  // Debian's sshd wants its folder when root starts it.
  if (process.getuid?.() === 0) mkdirSync('/run/sshd', { recursive: true });
  let child: ChildProcess | undefined;
  const stop = async () => {
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    process.kill(-(child.pid ?? 0), 'SIGKILL');
    await ended;
  };
  onTestFinished(stop);
  return {
    port,
    user: userInfo().username,
    config: path('config'),
    folder,
    stop,
    async start() {
      child = spawn(SSHD, ['-D', '-e', '-f', path('sshd_config')], {
        stdio: ['ignore', 'ignore', 'pipe'],
        detached: true,
      });
      let said = '';
      for await (const chunk of child.stderr as AsyncIterable<Buffer>) {
        said += chunk.toString();
        if (said.includes('listening on')) break;
      }
      if (!said.includes('listening on')) throw new Error(`sshd did not start: ${said}`);
    },
    changeHostKey: () => makeKey('host'),
  };
}
