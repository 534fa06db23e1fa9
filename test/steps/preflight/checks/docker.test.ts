import { describe, expect, it } from 'vitest';
import { CHECK_TIMEOUT_MS } from '../../../../src/steps/preflight/check.ts';
import { dockerCheck } from '../../../../src/steps/preflight/checks/docker.ts';
import { accessHint, type DockerHost, startHint } from '../../../../src/steps/preflight/docker-hint.ts';
import { endSooner, runOne } from '../support.ts';
import { makeProgram, withDockerInfo } from '../support-docker.ts';

describe('Docker engine', () => {
  it('is told with its version when it answers', async () => {
    const found = await runOne(dockerCheck(), { env: await withDockerInfo({}) });
    expect(found).toEqual({ level: 'ok', message: '28.5.2 answers (Debian GNU/Linux 12 (bookworm))' });
  });

  it('is an error with the way out when docker is not installed', async () => {
    const found = await runOne(dockerCheck(), { env: { PATH: '/nowhere' } });
    expect(found?.level).toBe('error');
    expect(found?.message).toContain('not on the PATH');
    expect(found?.hint).toContain('--provider host');
  });

  it('is an error although the client ends with 0, as some versions do without an engine', async () => {
    const { PATH } = await makeProgram(
      'docker',
      `echo '{"ServerVersion":"","ServerErrors":["x"]}'; echo 'Cannot connect to the Docker daemon at tcp://me:pw@h:1' >&2; exit 0`,
    );
    const found = await runOne(dockerCheck(), { env: { PATH: `${PATH}:/bin` } });
    expect(found).toMatchObject({
      level: 'error',
      message: 'cannot be reached: Cannot connect to the Docker daemon at tcp://h:1',
    });
    expect(found?.hint).toMatch(/docker|dockerd/i);
  });

  it('names the group when the socket is not for this user', async () => {
    const { PATH } = await makeProgram(
      'docker',
      `echo 'permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock' >&2; exit 1`,
    );
    const found = await runOne(dockerCheck(), { env: { PATH: `${PATH}:/bin` } });
    expect(found?.message).toContain('not allowed to use it');
    expect(found?.hint).toContain('usermod -aG docker');
  });

  it('knows Podman’s stand-in', async () => {
    const { PATH } = await makeProgram('docker', `echo '{"host":{"arch":"amd64"},"store":{},"version":{}}'`);
    const found = await runOne(dockerCheck(), { env: { PATH: `${PATH}:/bin` } });
    expect(found).toMatchObject({ level: 'error', message: expect.stringContaining('Podman') });
  });

  it('that hangs is given up within the time of the check', async () => {
    const { PATH } = await makeProgram('docker', 'exec sleep 30');
    const env = { PATH: `${PATH}:/bin:/usr/bin` };
    const found = await runOne(dockerCheck(), { env, after: endSooner(CHECK_TIMEOUT_MS) });
    expect(found).toMatchObject({
      level: 'error',
      message: 'cannot be reached: it takes the connection but does not answer',
    });
  });
});

describe('the command that starts the engine', () => {
  const linux: DockerHost = {
    platform: 'linux',
    root: false,
    systemd: false,
    initScript: false,
    wsl: false,
    dockerHost: undefined,
  };
  it.each<[string, Partial<DockerHost>, string]>([
    ['systemd', { systemd: true, initScript: true }, 'sudo systemctl start docker'],
    ['systemd, as root', { systemd: true, root: true }, 'systemctl start docker'],
    ['an init script', { initScript: true }, 'sudo service docker start'],
    ['WSL', { wsl: true }, 'start Docker Desktop in Windows'],
    ['nothing', { root: true }, 'dockerd'],
    ['macOS', { platform: 'darwin' }, 'open -a Docker'],
    [
      'another host',
      { systemd: true, dockerHost: 'tcp://me:secret@10.0.0.1:2376' },
      'DOCKER_HOST is tcp://10.0.0.1:2376',
    ],
    ['a socket of its own', { systemd: true, dockerHost: 'unix:///run/user/1/docker.sock' }, 'sudo systemctl'],
  ])('with %s', (_name, changes, expected) => {
    expect(startHint({ ...linux, ...changes }).startsWith(expected)).toBe(true);
  });

  it('names the user', () => expect(accessHint('ann')).toBe('sudo usermod -aG docker ann && newgrp docker'));
});
