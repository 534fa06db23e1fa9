import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeTempFolder } from '../../support/temp-folder.ts';

/** What a healthy engine answers to `docker info`, captured from Docker 28.5 and cut to what is read. */
export const DOCKER_INFO = {
  ServerVersion: '28.5.2',
  Name: 'another-host',
  OperatingSystem: 'Debian GNU/Linux 12 (bookworm)',
  DockerRootDir: '/var/lib/docker',
  MemTotal: 25_276_510_208,
  NCPU: 2,
  CgroupVersion: '2',
  MemoryLimit: true,
  PidsLimit: true,
  CpuCfsQuota: true,
  SystemTime: '2026-11-21T07:29:04.481585467Z',
  HttpsProxy: '',
  NoProxy: '',
  SecurityOptions: null,
  RegistryConfig: { Mirrors: null },
};

/** A program of that name alone on a PATH; `script` is the body of a shell script. */
export async function makeProgram(name: string, script: string): Promise<{ PATH: string; path: string }> {
  const folder = await makeTempFolder();
  const path = join(folder, name);
  await writeFile(path, `#!/bin/sh\n${script}\n`);
  await chmod(path, 0o755);
  return { PATH: folder, path };
}

/** An environment whose `docker info` answers with these fields changed: for engines that this machine cannot have. */
export async function withDockerInfo(changes: Partial<typeof DOCKER_INFO> | Record<string, unknown>) {
  const { PATH } = await makeProgram('docker', `cat <<'JSON'\n${JSON.stringify({ ...DOCKER_INFO, ...changes })}\nJSON`);
  return { PATH: `${PATH}:/usr/bin:/bin` };
}
