import { execFileSync } from 'node:child_process';
import { mkdir, writeFile } from 'node:fs/promises';
import { hostname, totalmem } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { dockerCapacity, localCapacity } from '../../../../src/steps/preflight/capacity.ts';
import { readCgroupLimits } from '../../../../src/steps/preflight/cgroup-limits.ts';
import { cpuCheck } from '../../../../src/steps/preflight/checks/cpu.ts';
import { diskCheck, dockerDataFolder } from '../../../../src/steps/preflight/checks/disk.ts';
import { memoryCheck } from '../../../../src/steps/preflight/checks/memory.ts';
import { makeTempFolder } from '../../../support/temp-folder.ts';
import { runOne } from '../support.ts';
import { withDockerInfo } from '../support-docker.ts';

function mountSmallDisk(folder: string): boolean {
  try {
    execFileSync('/bin/mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', folder], { stdio: 'ignore' });
  } catch {
    return false;
  }
  onTestFinished(() => {
    execFileSync('/bin/umount', [folder]);
  });
  return true;
}

const disk = (folder: string | undefined, neededGb: number) =>
  diskCheck({ id: 'disk', title: 'disk', folder: () => folder, neededGb, hint: 'make room' });

describe('disk', () => {
  it('is measured where a folder will be made', async () => {
    const folder = join(await makeTempFolder(), 'not', 'yet', 'there');
    expect(await runOne(disk(folder, 0))).toMatchObject({ level: 'ok', message: expect.stringContaining(folder) });
  });

  it('that is full is an error saying how much is free and needed', async ({ skip }) => {
    const folder = await makeTempFolder();
    if (!mountSmallDisk(folder)) skip('a small file system can only be mounted as root');
    await writeFile(join(folder, 'data'), Buffer.alloc(6 * 1024 * 1024));
    const found = await runOne(disk(join(folder, 'home'), 0.004));
    expect(found).toMatchObject({ level: 'error', hint: 'make room' });
    expect(found?.message).toMatch(/^2 MB free at .*home; 0.004 GB are needed$/);
    expect((await runOne(disk(folder, 0.001)))?.level).toBe('ok');
  });

  it('elsewhere is not measured', async () => {
    expect(await runOne(disk(undefined, 1_000_000))).toBeUndefined();
  });

  it.each([
    ['its root folder when it runs here', { Name: hostname(), DockerRootDir: '/data/docker' }, '/data/docker'],
    ['nowhere when it runs elsewhere', { Name: 'elsewhere' }, undefined],
    ['the home when it is Docker Desktop', { Name: 'docker-desktop', OperatingSystem: 'Docker Desktop' }, '/home/me'],
  ])('of Docker is %s', async (_name, info, expected) => {
    let seen: string | undefined = 'not asked';
    const folder = async (env: Parameters<typeof dockerDataFolder>[0]) => {
      seen = await dockerDataFolder(env, '/home/me');
      return undefined;
    };
    await runOne(diskCheck({ id: 'd', title: 'd', folder, neededGb: 1, hint: '' }), {
      env: await withDockerInfo(info),
    });
    expect(seen).toBe(expected);
  });
});

describe('memory and processors', () => {
  it('of this machine are counted', async () => {
    expect((await runOne(memoryCheck(0.1, localCapacity)))?.level).toBe('ok');
    expect((await runOne(cpuCheck(1, localCapacity)))?.level).toBe('ok');
    const found = await runOne(memoryCheck(totalmem() / 1e9 + 1, localCapacity));
    expect(found).toMatchObject({ level: 'error', hint: expect.stringContaining('preflight.memory_gb') });
    expect(await runOne(cpuCheck(10_000, localCapacity))).toMatchObject({ level: 'error' });
  });

  it('of a machine sold with 4 GB are enough for 4', async () => {
    const env = await withDockerInfo({ MemTotal: 4_100_000_000, NCPU: 4 });
    expect((await runOne(memoryCheck(4, dockerCapacity), { env }))?.level).toBe('ok');
  });

  it('of Docker Desktop are what its virtual machine has, and its settings are named', async () => {
    const env = await withDockerInfo({ OperatingSystem: 'Docker Desktop', MemTotal: 2_000_000_000, NCPU: 1 });
    const memory = await runOne(memoryCheck(4, dockerCapacity), { env });
    expect(memory).toMatchObject({ level: 'error', message: '2 GB in Docker Desktop; 4 GB are needed' });
    expect(memory?.hint).toContain('Settings');
    expect(await runOne(cpuCheck(2, dockerCapacity), { env })).toMatchObject({
      message: '1 in Docker Desktop; 2 are needed',
    });
  });

  it('that are scarce just now are a warning, and none once the cluster runs', async () => {
    const capacity = async () => ({ where: 'here', memoryBytes: 8e9, availableBytes: 1e9, cpus: 2 });
    const check = memoryCheck(4, capacity, 'cluster_create');
    expect(await runOne(check)).toMatchObject({
      level: 'warning',
      message: '8 GB in here, but only 1 GB of it available now',
    });
    expect((await runOne(check, { done: ['cluster_create'] }))?.level).toBe('ok');
  });

  it('are not spoken of when the engine cannot be asked', async () => {
    const env = { PATH: '/nowhere' };
    expect(await runOne(memoryCheck(4, dockerCapacity), { env })).toBeUndefined();
    expect(await runOne(cpuCheck(4, dockerCapacity), { env })).toBeUndefined();
  });
});

describe('limits of a control group', () => {
  async function makeTree(files: Record<string, string>): Promise<string> {
    const root = await makeTempFolder();
    for (const [path, text] of Object.entries(files)) {
      await mkdir(join(root, path, '..'), { recursive: true });
      await writeFile(join(root, path), `${text}\n`);
    }
    return root;
  }

  it('are the tightest on the way up, version 2', async () => {
    const mount = await makeTree({
      'cgroup.controllers': 'cpu memory pids',
      'user.slice/memory.max': '2000000000',
      'user.slice/cpu.max': 'max 100000',
      'user.slice/app/memory.max': 'max',
      'user.slice/app/cpu.max': '150000 100000',
      self: '0::/user.slice/app',
    });
    expect(await readCgroupLimits({ mount, self: join(mount, 'self') })).toEqual({ memoryBytes: 2e9, cpus: 1.5 });
    expect(await readCgroupLimits({ mount, self: null })).toEqual({});
  });

  it('are read by controller, version 1', async () => {
    const mount = await makeTree({
      'memory/memory.limit_in_bytes': '9223372036854771712',
      'memory/docker/x/memory.limit_in_bytes': '536870912',
      'cpu/cpu.cfs_quota_us': '-1',
      'cpu/cpu.cfs_period_us': '100000',
      'cpu/docker/x/cpu.cfs_quota_us': '50000',
      'cpu/docker/x/cpu.cfs_period_us': '100000',
      self: '9:memory:/docker/x\n4:cpu,cpuacct:/docker/x\n1:name=systemd:/docker/x',
    });
    const self = join(mount, 'self');
    expect(await readCgroupLimits({ mount, self })).toEqual({ memoryBytes: 536_870_912, cpus: 0.5 });
  });

  it('are none where there are no control groups', async () => {
    const mount = await makeTempFolder();
    expect(await readCgroupLimits({ mount, self: join(mount, 'none') })).toEqual({});
  });
});
