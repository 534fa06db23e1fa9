import { existsSync } from 'node:fs';
import { release } from 'node:os';

/** What decides how a Docker engine is started here. */
export interface DockerHost {
  platform: NodeJS.Platform;
  root: boolean;
  systemd: boolean;
  initScript: boolean;
  wsl: boolean;
  /** Value of DOCKER_HOST. */
  dockerHost: string | undefined;
}

/** Looks at this machine. */
export function describeDockerHost(env: Readonly<Record<string, string | undefined>>): DockerHost {
  return {
    platform: process.platform,
    root: process.getuid?.() === 0,
    systemd: existsSync('/run/systemd/system'),
    initScript: existsSync('/etc/init.d/docker'),
    wsl: /microsoft/i.test(release()),
    dockerHost: env.DOCKER_HOST || undefined,
  };
}

/** The command, or the one sentence, that starts the Docker engine on such a machine. */
export function startHint(host: DockerHost): string {
  if (host.dockerHost !== undefined && !host.dockerHost.startsWith('unix:')) {
    return `DOCKER_HOST is ${withoutPassword(host.dockerHost)}: start the engine there, or unset DOCKER_HOST to use the local one`;
  }
  const sudo = host.root ? '' : 'sudo ';
  if (host.platform === 'darwin') return 'open -a Docker   (Docker Desktop; then wait until it says it is running)';
  if (host.platform === 'win32') return 'start Docker Desktop';
  if (host.systemd) return `${sudo}systemctl start docker   (Docker Desktop: systemctl --user start docker-desktop)`;
  if (host.wsl)
    return `start Docker Desktop in Windows, or an engine of this distribution: ${sudo}service docker start`;
  if (host.initScript) return `${sudo}service docker start`;
  return `${sudo}dockerd > /tmp/dockerd.log 2>&1 &`;
}

/** What an unprivileged user does who may not talk to the engine (https://docs.docker.com/engine/install/linux-postinstall/). */
export function accessHint(user: string): string {
  return `sudo usermod -aG docker ${user} && newgrp docker`;
}

/** A text with the user and password taken out of every address in it. */
export function withoutPassword(text: string): string {
  return text.replaceAll(/\/\/[^@/\s]*@/g, '//');
}
