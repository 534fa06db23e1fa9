import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHostInstallation, type HostInstallation, hostProgramsOnPath } from '../../support/host-installation.ts';

const programs = await hostProgramsOnPath();
const _never = new AbortController().signal;

describe.skipIf(!programs)('provider host where something is in the way (needs prometheus on the PATH)', () => {
  let host: HostInstallation;
  beforeAll(async () => {
    host = await createHostInstallation({ components: ['prometheus'] });
  });
  afterAll(() => host.destroy());

  it('names who holds a port, before anything is made', async () => {
    const script = `require('node:net').createServer().listen(${host.config.ports.prometheus}, '127.0.0.1', () => console.log('up'))`;
    const holder = spawn(process.execPath, ['-e', script]);
    await once(holder.stdout, 'data');
    try {
      const { error } = await host.run();
      expect(error?.code).toBe('preflight_failed');
      expect(error?.details.lines?.join('\n')).toContain(`pid ${holder.pid}`);
      await expect(stat(host.config.dataDir)).rejects.toMatchObject({ code: 'ENOENT' });
    } finally {
      holder.kill('SIGKILL');
      await once(holder, 'exit');
    }
  });

  it('does not use a folder with files of somebody else', async () => {
    const { dataDir } = host.config;
    await mkdir(dataDir, { recursive: true });
    await writeFile(join(dataDir, 'thesis.txt'), 'years of work');
    expect((await host.run()).error?.code).toBe('not_ours');
    expect(await host.rollBack(true)).toMatchObject({ code: 'not_ours' });
    expect(await readdir(dataDir)).toEqual(['thesis.txt']);
    await rm(dataDir, { recursive: true });
  });

  it('says what a server said when it cannot start', async () => {
    host.steps.clear();
    const folder = join(host.config.home, 'broken');
    await mkdir(folder, { recursive: true });
    const program = join(folder, 'prometheus');
    const script =
      '#!/bin/sh\ncase $1 in --version) echo "prometheus, version 3.0.0";; --help) ;; *) echo "disk is on fire" >&2; exit 1;; esac\n';
    await writeFile(program, script, { mode: 0o755 });
    host.change({ env: { ...process.env, PATH: `${folder}:${process.env.PATH}` } });
    const { error } = await host.run();
    expect(error).toMatchObject({
      code: 'step_failed',
      details: { step: 'pods_ready', log: host.server('prometheus').log },
    });
    expect(error?.message).toContain('prometheus has stopped when it was started');
    expect(error?.details.tail?.at(-1)).toBe('disk is on fire');
    expect(await host.rollBack()).toBeUndefined();
    host.change({ env: process.env });
  });

  it('works with Prometheus alone, without mentioning an alertmanager', async () => {
    const { result, error } = await host.run();
    expect(error).toBeUndefined();
    expect(result).toBe('success');
    expect(await readFile(host.server('prometheus').configFile, 'utf8')).not.toContain('targets: ["127.0.0.1:9093"]');
    const config = await fetch(`${host.server('prometheus').url}/api/v1/status/config`);
    const text = JSON.stringify(await config.json());
    expect(text).not.toContain('alertmanagers');
    expect(text).toContain('out_of_order_time_window: 1d');
  });
});
