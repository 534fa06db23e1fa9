import { appendFile, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { queryValues } from '../../../src/providers/host/prometheus-api.ts';
import { createHostProvider } from '../../../src/providers/host/provider.ts';
import { startServer } from '../../../src/providers/host/server-process.ts';
import { readProcess } from '../../../src/system/process-table.ts';
import { pushSamples } from '../../../src/telemetry/remote-write.ts';
import { createHostInstallation, type HostInstallation, hostProgramsOnPath } from '../../support/host-installation.ts';
import { pidsWith } from '../../support/processes.ts';
import { declined } from '../../support/step-context.ts';

const programs = await hostProgramsOnPath();
const never = new AbortController().signal;

describe.skipIf(!programs)('provider host (needs prometheus and alertmanager on the PATH)', () => {
  let host: HostInstallation;
  const pids = async () => [await host.pidOf('prometheus'), await host.pidOf('alertmanager')];

  beforeAll(async () => {
    host = await createHostInstallation({ env: { ...process.env, CONTEXTCORE_SECRET: 'do not hand on' } }, declined);
  });
  afterAll(() => host.destroy());

  it('says what would be done before anything is there', async () => {
    expect(await createHostProvider().ownership(host.config)).toMatchObject({ owner: 'absent' });
  });

  it('runs all six steps and ends with servers that answer', async () => {
    const { result, error, actions } = await host.run();
    expect(error).toBeUndefined();
    expect(result).toBe('success');
    // Verifying is looking: there was nothing to do.
    const applied = { cluster_create: 'apply', manifests_apply: 'apply', pods_ready: 'apply', metrics_seed: 'apply' };
    expect(actions).toEqual({ preflight: 'keep', ...applied, services_verify: 'keep' });
    expect(await queryValues(host.server('prometheus').url, 'vector(1)', never)).toEqual([1]);
    expect(host.steps.get('metrics_seed')?.outputs?.remote_write_url).toBe(
      `${host.server('prometheus').url}/api/v1/write`,
    );
  });

  it('reads back what was sent by remote write, and by OTLP where the program has it', async () => {
    const ways = host.steps.get('metrics_seed')?.outputs?.otlp === true ? 2 : 1;
    expect(
      await queryValues(host.server('prometheus').url, 'contextcore_install_seed_timestamp_seconds', never),
    ).toHaveLength(ways);
  });

  it('takes samples that are hours old, as a spool sends them', async () => {
    const timestamp = Date.now() - 20 * 3600_000;
    const series = [{ labels: { __name__: 'late' }, samples: [{ value: 7, timestamp }] }];
    await pushSamples(`${host.server('prometheus').url}/api/v1/write`, series);
    expect(await queryValues(host.server('prometheus').url, 'last_over_time(late[1d])', never)).toEqual([7]);
  });

  it('starts servers in sessions of their own, on loopback, with nothing but a small environment', async () => {
    for (const pid of await pids()) {
      const found = readProcess(pid ?? 0);
      expect(found?.pgid).toBe(pid);
      expect(found?.cmdline.join(' ')).toContain('--web.listen-address=127.0.0.1:');
      const environment = await readFile(`/proc/${pid}/environ`, 'utf8');
      expect(environment).toContain('PATH=');
      expect(environment).not.toContain('CONTEXTCORE');
    }
  });

  it('keeps its data folder to itself', async () => {
    const mode = async (path: string) => (await stat(join(host.config.dataDir, path))).mode & 0o777;
    expect(await mode('.')).toBe(0o700);
    expect(await mode('prometheus/data')).toBe(0o700);
    expect(await mode('prometheus/prometheus.yml')).toBe(0o600);
    expect(await mode('prometheus/prometheus.log')).toBe(0o600);
  });

  it('leaves a healthy installation exactly as it is', async () => {
    const before = { pids: await pids(), files: await ownFiles(host.config.dataDir) };
    const { result, actions } = await host.run();
    expect(result).toBe('success');
    expect(new Set(Object.values(actions))).toEqual(new Set(['keep']));
    expect({ pids: await pids(), files: await ownFiles(host.config.dataDir) }).toEqual(before);
  });

  it('restarts on repair only what has died', async () => {
    const [prometheus, alertmanager] = await pids();
    send(prometheus, 'SIGKILL');
    await untilGone(prometheus);
    const { result, actions } = await host.run('repair');
    expect(result).toBe('success');
    expect(actions.pods_ready).toBe('repair');
    const after = await pids();
    expect(after[1]).toBe(alertmanager);
    expect(after[0]).toBeGreaterThan(0);
    expect(after[0]).not.toBe(prometheus);
  });

  it('restarts on repair what hangs', async () => {
    const [prometheus, alertmanager] = await pids();
    send(alertmanager, 'SIGSTOP');
    const { result } = await host.run('repair');
    expect(result).toBe('success');
    const after = await pids();
    expect(after[0]).toBe(prometheus);
    expect(after[1]).not.toBe(alertmanager);
    expect(readProcess(alertmanager ?? 0)).toBeUndefined();
  });

  it('adopts a server that a killed run had started but not noted', async () => {
    const before = await pids();
    await rm(host.server('prometheus').pidFile);
    host.steps.delete('pods_ready');
    const { result } = await host.run();
    expect(result).toBe('success');
    expect(await pids()).toEqual(before);
    expect(pidsWith(host.config.dataDir)).toHaveLength(2);
  });

  it('starts no second server when a pid file names a process of another', async () => {
    const before = await pids();
    const { pidFile } = host.server('prometheus');
    await writeFile(pidFile, JSON.stringify({ pid: process.pid, start_ticks: readProcess(process.pid)?.startTicks }));
    expect((await host.run()).result).toBe('success');
    expect(await pids()).toEqual(before);
  });

  it('mends an edited configuration, keeps what was edited, and has it read without a restart', async () => {
    const before = await pids();
    const { configFile, folder, url } = host.server('prometheus');
    await appendFile(configFile, '# edited by hand\n');
    const text = await readFile(configFile, 'utf8');
    const { result, actions, events } = await host.run('repair');
    expect(result).toBe('success');
    expect(actions).toMatchObject({ manifests_apply: 'repair', pods_ready: 'keep' });
    expect(await pids()).toEqual(before);
    expect(await readFile(configFile, 'utf8')).not.toContain('edited by hand');
    const copy = (await readdir(folder)).find((name) => name.endsWith('.bak'));
    expect(await readFile(join(folder, copy ?? ''), 'utf8')).toBe(text);
    expect(events.some((event) => event.type === 'notice' && event.message.includes('.bak'))).toBe(true);
    const loaded = await queryReload(url);
    expect(loaded).toBeGreaterThanOrEqual(Math.floor((await stat(configFile)).mtimeMs / 1000));
  });

  it('has a configuration read that a killed run had written but not announced', async () => {
    const { configFile, url } = host.server('prometheus');
    await writeFile(configFile, await readFile(configFile));
    const written = (await stat(configFile)).mtimeMs / 1000;
    const { actions } = await host.run();
    expect(actions.manifests_apply).toBe('apply');
    expect(await queryReload(url)).toBeGreaterThanOrEqual(written);
  });

  it('restarts a server that runs with other flags', async () => {
    const [prometheus, alertmanager] = await pids();
    send(prometheus, 'SIGTERM');
    await untilGone(prometheus);
    const server = host.server('prometheus');
    const path = host.steps.get('cluster_create')?.outputs?.prometheus_path;
    await startServer(server, { path: String(path), version: '', otlp_flag: '--log.level=warn' }, process.env);
    expect((await host.run()).result).toBe('success');
    expect(readProcess((await host.pidOf('prometheus')) ?? 0)?.cmdline).not.toContain('--log.level=warn');
    expect(await host.pidOf('alertmanager')).toBe(alertmanager);
  });

  it('starts anew where the data folder was removed under a running server', async () => {
    const before = await pids();
    const { dataDir } = host.config;
    await rm(dataDir, { recursive: true });
    const { result, error } = await host.run();
    expect(error).toBeUndefined();
    expect(result).toBe('success');
    for (const pid of await pids()) expect(before).not.toContain(pid);
    expect(pidsWith(host.config.dataDir)).toHaveLength(2);
  });

  it('refuses other ports for what exists, and touches nothing', async () => {
    const before = { pids: await pids(), files: await ownFiles(host.config.dataDir) };
    const { ports } = host.config;
    host.change({ ports: { ...ports, prometheus: 1 } });
    await expect(host.run()).rejects.toMatchObject({ code: 'needs_new_cluster' });
    host.change({ ports });
    expect({ pids: await pids(), files: await ownFiles(host.config.dataDir) }).toEqual(before);
  });

  it('refuses to take back what another installation has made', async () => {
    const { installId } = host.config;
    host.change({ installId: 'install-2' });
    expect(await host.rollBack()).toMatchObject({ code: 'not_ours' });
    expect(await pids()).not.toContain(undefined);
    host.change({ installId });
  });

  it('is told as ours by its mark, without any state', async () => {
    const found = await createHostProvider().ownership(host.config);
    expect(found).toMatchObject({ owner: 'ours', installId: 'install-1' });
    expect(await createHostProvider().ownership({ ...host.config, cluster: 'other' })).toMatchObject({
      owner: 'foreign',
    });
  });

  it('takes back everything it made, proved by the mark alone', async () => {
    const before = await pids();
    host.steps.clear();
    expect(await host.rollBack(true)).toBeUndefined();
    for (const pid of before) expect(readProcess(pid ?? 0)).toBeUndefined();
    expect(pidsWith(host.config.dataDir)).toEqual([]);
    expect((await readdir(host.config.home)).filter((name) => name !== 'bin')).toEqual([]);
    // Again: nothing to do is no error.
    expect(await host.rollBack(true)).toBeUndefined();
  });
});

/** Modification times of all files but databases and logs, which the servers themselves write. */
async function ownFiles(folder: string): Promise<Record<string, number>> {
  const names = await readdir(folder, { recursive: true });
  const own = names.filter((name) => !/(^|\/)data(\/|$)|\.log$/.test(name));
  const times = await Promise.all(own.map(async (name) => [name, (await stat(join(folder, name))).mtimeMs] as const));
  return Object.fromEntries(times);
}

/** Never with pid 0, which would be this very process group. */
function send(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) throw new Error('it does not run');
  process.kill(pid, signal);
}

async function untilGone(pid: number | undefined): Promise<void> {
  while (readProcess(pid ?? 0) !== undefined && readProcess(pid ?? 0)?.state !== 'Z') {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function queryReload(url: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text();
  return Number(/^prometheus_config_last_reload_success_timestamp_seconds (\S+)/m.exec(text)?.[1]);
}
