import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { cgroupCheck } from '../../../../src/steps/preflight/checks/cgroup.ts';
import { inotifyCheck } from '../../../../src/steps/preflight/checks/inotify.ts';
import { makeTempFolder } from '../../../support/temp-folder.ts';
import { runOne } from '../support.ts';
import { withDockerInfo } from '../support-docker.ts';

describe('control groups', () => {
  it('of version 2 are fine, of version 1 a warning', async () => {
    expect(await runOne(cgroupCheck(), { env: await withDockerInfo({}) })).toEqual({
      level: 'ok',
      message: 'version 2',
    });
    const one = await runOne(cgroupCheck(), { env: await withDockerInfo({ CgroupVersion: '1' }) });
    expect(one).toMatchObject({ level: 'warning', message: 'version 1' });
    expect(one?.hint).toContain('unified_cgroup_hierarchy');
  });

  it('without a controller that a kubelet needs are an error, told apart for rootless engines', async () => {
    const found = await runOne(cgroupCheck(), { env: await withDockerInfo({ MemoryLimit: false, PidsLimit: false }) });
    expect(found).toMatchObject({ level: 'error', message: expect.stringContaining('memory, pids') });
    const rootless = { CpuCfsQuota: false, SecurityOptions: ['name=seccomp,profile=builtin', 'name=rootless'] };
    const other = await runOne(cgroupCheck(), { env: await withDockerInfo(rootless) });
    expect(other).toMatchObject({ level: 'error', hint: expect.stringContaining('rootless') });
  });

  it('are not spoken of when the engine cannot be asked', async () => {
    expect(await runOne(cgroupCheck(), { env: { PATH: '/nowhere' } })).toBeUndefined();
  });
});

describe('file watches', () => {
  async function withLimits(watches: number, instances: number): Promise<string> {
    const folder = await makeTempFolder();
    await writeFile(join(folder, 'max_user_watches'), `${watches}\n`);
    await writeFile(join(folder, 'max_user_instances'), `${instances}\n`);
    return folder;
  }

  it('that are few are a warning with the sysctl line for what is low only', async () => {
    const found = await runOne(inotifyCheck(await withLimits(8192, 128)));
    expect(found).toMatchObject({ level: 'warning', hint: 'sudo sysctl -w fs.inotify.max_user_watches=524288' });
    const both = await runOne(inotifyCheck(await withLimits(8192, 64)));
    expect(both?.hint).toBe('sudo sysctl -w fs.inotify.max_user_watches=524288 fs.inotify.max_user_instances=512');
  });

  it('that are many are fine, and without inotify there is nothing to say', async () => {
    expect((await runOne(inotifyCheck(await withLimits(524_288, 512))))?.level).toBe('ok');
    expect(await runOne(inotifyCheck(join(await makeTempFolder(), 'none')))).toBeUndefined();
  });
});
