import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, lstatSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { isPortFree } from '../../src/system/free-port.ts';
import { makeGround, startCli } from '../support/cli.ts';
import { pathsBelow, readStateFile, snapshot } from '../support/cli-files.ts';
import { createHostSubject } from '../support/crash/host-subject.ts';
import type { Subject } from '../support/crash/subject.ts';
import { findFreePort } from '../support/free-port.ts';
import { isRunning, killThoseWith, pidsWith, waitFor } from '../support/processes.ts';
import { missingPrograms } from '../support/programs.ts';
import { covers } from './interface.ts';

const missing = missingPrograms('prometheus', 'prometheus-alertmanager');
/** What an installation may touch when there is nothing to do. */
const OWN_RECORDS = /^state|^install-state\.json$|\.lock$/;
/** Servers write databases and logs by themselves. */
const DATA = /\/data(\/|$)|\.log$/;

describe.skipIf(missing !== undefined)(`provider host${missing === undefined ? '' : `: ${missing}`}`, () => {
  let subject: Subject;
  const run = (...args: string[]) => startCli('create-cluster', args, { home: subject.home, cwd: subject.cwd }).ended;
  const serverPid = (name: string) => pidsWith(`=${join(subject.home, 'data/o11y-dev', name, 'data')}`)[0] ?? 0;
  const pids = () => ['prometheus', 'alertmanager'].map(serverPid);
  const ports = () => (readStateFile(subject.home).options as { ports: Record<string, number> }).ports;

  beforeAll(async () => {
    subject = await createHostSubject();
    const { exitCode, stderr } = await run(...subject.install);
    expect(exitCode, stderr).toBe(0);
  });
  afterAll(() => subject?.destroy());

  test(`install: six steps, and a Prometheus that answers ${covers('create-cluster', 'create-cluster (install)', '--provider', '--port', '--yes', 'exit 0')}`, async () => {
    const { steps } = readStateFile(subject.home);
    expect(Object.keys(steps)).toEqual(subject.steps);
    expect(Object.values(steps).map(({ status }) => status)).toEqual(Array(6).fill('completed'));
    const query = await fetch(`http://127.0.0.1:${ports().prometheus}/api/v1/query?query=prometheus_build_info`);
    expect(await query.json()).toMatchObject({ status: 'success' });
    expect(await subject.findFaults()).toEqual([]);
  });

  test(`again: exit 0, nothing touched ${covers('create-cluster (again)', 'create-cluster --resume', 'create-cluster --dry-run')}`, async () => {
    const before = { files: snapshot(subject.home, new RegExp(`${OWN_RECORDS.source}|${DATA.source}`)), pids: pids() };
    for (const args of [subject.install, ['--yes'], ['--resume'], ['--dry-run'], ['--repair', '--yes']]) {
      const { exitCode, stderr, stdout } = await run(...args);
      expect(exitCode, stderr).toBe(0);
      expect(stdout + stderr).toMatch(/nothing to do|nothing was changed|healthy/);
    }
    expect({ files: snapshot(subject.home, new RegExp(`${OWN_RECORDS.source}|${DATA.source}`)), pids: pids() }).toEqual(
      before,
    );
  });

  test('after a reset the same installation is found again, untouched', async () => {
    const before = pids();
    expect((await run('--reset', '--yes')).exitCode).toBe(0);
    const { exitCode, stderr } = await run(...subject.install);
    expect(exitCode, stderr).toBe(0);
    expect(pids()).toEqual(before);
    expect(await subject.findFaults()).toEqual([]);
  });

  test(`cluster create is the same program ${covers('cluster create', 'contextcore-install')}`, async () => {
    const options = { home: subject.home, cwd: subject.cwd };
    const { exitCode, stderr } = await startCli('contextcore-install', ['cluster', 'create', '--yes'], options).ended;
    expect(exitCode, stderr).toBe(0);
    expect(stderr).toContain('nothing to do');
  });

  test(`--status shows it, offline ${covers('create-cluster --status', '--check', '--json')}`, async () => {
    const shown = await run('--status');
    expect(shown.stdout).toContain('complete: 6 of 6');
    expect(shown.stdout).toContain(`http://127.0.0.1:${ports().prometheus}`);
    expect(JSON.parse((await run('--status', '--json', '--check')).stdout)).toMatchObject({
      provider: 'host',
      steps: { metrics_seed: { status: 'completed' } },
    });
  });

  test(`--repair mends a killed server, an edited file, a stopped server, and leaves the other alone ${covers('create-cluster --repair', '--repair', '--dry-run')}`, async () => {
    const [prometheus = 0, alertmanager = 0] = pids();
    process.kill(prometheus, 'SIGKILL');
    await waitFor(() => !isRunning(prometheus));
    const listed = await run('--repair', '--dry-run');
    expect(listed.exitCode).toBe(0);
    expect(listed.stdout).toMatch(/pods_ready: unhealthy: .*prometheus has stopped/);
    expect(serverPid('prometheus')).toBe(0);
    expect((await run('--repair', '--yes')).exitCode).toBe(0);
    expect(serverPid('alertmanager')).toBe(alertmanager);
    const restarted = serverPid('prometheus');

    const config = join(subject.home, 'data/o11y-dev/prometheus/prometheus.yml');
    const written = readFileSync(config, 'utf8');
    appendFileSync(config, '\n# edited by hand\nscrape_configs: []\n');
    expect((await run('--repair', '--yes')).exitCode).toBe(0);
    expect(readFileSync(config, 'utf8')).toBe(written);
    expect(pids()).toEqual([restarted, alertmanager]);

    process.kill(alertmanager, 'SIGSTOP');
    const mended = await run('--repair', '--yes');
    expect(mended.exitCode, mended.stderr).toBe(0);
    expect(serverPid('prometheus')).toBe(restarted);
    expect(await subject.findFaults()).toEqual([]);
  });

  test(`what only a new one can carry is refused and untouched ${covers('exit 6', '--port', '--provider')}`, async () => {
    const before = { files: snapshot(subject.home, new RegExp(`${OWN_RECORDS.source}|${DATA.source}`)), pids: pids() };
    const free = await findFreePort();
    for (const args of [
      ['--port', `prometheus=${free}`],
      ['--provider', 'kind'],
      ['--port', `prometheus=${free}`, '--repair'],
    ]) {
      const { exitCode, stderr } = await run(...args, '--yes');
      expect(exitCode, stderr).toBe(6);
      expect(stderr).toContain('--delete');
    }
    expect({ files: snapshot(subject.home, new RegExp(`${OWN_RECORDS.source}|${DATA.source}`)), pids: pids() }).toEqual(
      before,
    );
    expect((await run('--yes')).exitCode).toBe(0);
  });

  test(`--delete asks, leaves downloads, logs and history only, and says so; twice is fine ${covers('create-cluster --delete', '--delete', 'history')}`, async () => {
    const held = Object.values(ports());
    const asked = await run('--delete');
    expect(asked.exitCode).toBe(2);
    expect(pids().every((pid) => pid > 0)).toBe(true);
    const deleted = await run('--delete', '--yes');
    expect(deleted.exitCode, deleted.stderr).toBe(0);
    expect(deleted.stderr).toMatch(/what stays:[\s\S]*logs[\s\S]*history/);
    expect(pidsWith(subject.home)).toEqual([]);
    for (const port of held) await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow();
    const told = [...deleted.stderr.matchAll(/^ {2}\S.* {2}(\/.*)$/gm)].map(([, path = '']) => path);
    const left = pathsBelow(subject.home).filter((path) => lstatSync(path).isFile() && !path.endsWith('lock'));
    expect(left.filter((path) => !told.some((one) => path === one || path.startsWith(`${one}/`)))).toEqual([]);
    expect(told.filter((path) => !/\/(bin|logs|history\.jsonl|spool|resilience)$/.test(path))).toEqual([]);
    const again = await run('--delete', '--provider', 'host', '--yes');
    expect(again).toMatchObject({ exitCode: 0 });
    expect(again.stderr).toContain('nothing to delete');
    expect((await run('--status')).exitCode).toBe(0);
  });
});

describe.skipIf(missing !== undefined)(`provider host, again${missing === undefined ? '' : `: ${missing}`}`, () => {
  const makeTwo = async () => {
    const ground = makeGround();
    onTestFinished(() => killThoseWith(join(ground.home, 'data')));
    return ground;
  };

  test(`--components and --without choose; --reset keeps what is installed; without a state --delete works by its mark ${covers('--components', '--without', 'create-cluster --reset', '--reset')}`, async () => {
    const { createCluster, home } = await makeTwo();
    const port = await findFreePort();
    const flags = ['--provider', 'host', '--yes', '--port', `prometheus=${port}`];
    const installed = await createCluster([...flags, '--without', 'alertmanager']);
    expect(installed.exitCode, installed.stderr).toBe(0);
    expect(pidsWith(join(home, 'data'))).toHaveLength(1);
    expect(readStateFile(home).options).toMatchObject({ components: ['prometheus'], ports: { prometheus: port } });

    const reset = await createCluster(['--reset', '--yes']);
    expect(reset.exitCode, reset.stderr).toBe(0);
    expect(pidsWith(join(home, 'data'))).toHaveLength(1);
    rmSync(join(home, 'state'), { recursive: true });
    const deleted = await createCluster(['--delete', '--yes']);
    expect(deleted.exitCode, deleted.stderr).toBe(0);
    expect(pidsWith(join(home, 'data'))).toEqual([]);
    expect(pathsBelow(join(home, 'data'))).toEqual([]);
  });

  test(`a port that another process holds is exit 3, and its holder is named ${covers('exit 3', '--preflight-profile')}`, async () => {
    const { createCluster, home } = await makeTwo();
    const holder: ChildProcess = spawn(
      process.execPath,
      ['-e', "require('net').createServer().listen(0, '127.0.0.1', function () { console.log(this.address().port) })"],
      { stdio: ['ignore', 'pipe', 'ignore'] },
    );
    onTestFinished(() => void holder.kill());
    const [line] = (await once(holder.stdout as NodeJS.ReadableStream, 'data')) as [Buffer];
    const port = Number(line.toString());
    const args = ['--provider', 'host', '--yes', '--port', `prometheus=${port}`, '--preflight-profile', 'default'];
    const { exitCode, stderr } = await createCluster(args);
    expect(exitCode, stderr).toBe(3);
    expect(stderr).toMatch(new RegExp(`${port}.*node.*${holder.pid}|${port}.*pid ${holder.pid}`));
    expect(pathsBelow(join(home, 'data'))).toEqual([]);
    holder.kill();
    await once(holder, 'exit');
    // What was refused binds nobody: another port, or another provider, is free to be chosen.
    const other = await createCluster([
      '--provider',
      'host',
      '--dry-run',
      '--port',
      `prometheus=${await findFreePort()}`,
    ]);
    expect(other.exitCode, other.stderr).toBe(0);
    const strict = await createCluster([
      '--provider',
      'host',
      '--yes',
      '--preflight-profile',
      'rtpi',
      '--only',
      'preflight',
    ]);
    expect([0, 3]).toContain(strict.exitCode);
  });

  test(`two clusters at the same moment get different ports ${covers('--cluster', 'create-cluster (install)')}`, async (context) => {
    if (!(await isPortFree(9009)))
      return context.skip('port 9009, the default that both want, is held by something else');
    const { createCluster, home } = await makeTwo();
    const runs = await Promise.all(
      ['a', 'b'].map((cluster) =>
        createCluster(['--provider', 'host', '--yes', '--components', 'prometheus', '--cluster', cluster]),
      ),
    );
    expect(
      runs.map(({ exitCode }) => exitCode),
      runs.map(({ stderr }) => stderr).join('\n'),
    ).toEqual([0, 0]);
    const chosen = ['a', 'b'].map(
      (cluster) =>
        (readStateFile(home, 'create-cluster', cluster).options as { ports: { prometheus: number } }).ports.prometheus,
    );
    expect(new Set(chosen).size).toBe(2);
    expect((await createCluster(['--status', '--cluster', 'b'])).stdout).toContain(`:${chosen[1]}`);
    const bPid = pidsWith(join(home, 'data/b'));
    expect((await createCluster(['--delete', '--yes', '--cluster', 'a'])).exitCode).toBe(0);
    expect(pidsWith(join(home, 'data/b'))).toEqual(bPid);
    expect((await createCluster(['--delete', '--yes', '--cluster', 'b'])).exitCode).toBe(0);
  });
});
