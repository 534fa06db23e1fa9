import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { METRICS } from '../../src/telemetry/names.ts';
import { startCli } from '../support/cli.ts';
import { readStateFile } from '../support/cli-files.ts';
import { createHostSubject } from '../support/crash/host-subject.ts';
import type { Subject } from '../support/crash/subject.ts';
import { findFreePort } from '../support/free-port.ts';
import { isRunning, pidsWith, waitFor } from '../support/processes.ts';
import { missingPrograms } from '../support/programs.ts';
import { openTerminalSession } from '../support/terminal-session.ts';
import { changesOf, type Place, readStored, readTransitions, statusesIn } from './support.ts';

const missing = missingPrograms('prometheus', 'prometheus-alertmanager');
const lacksTerminal = missingPrograms('tmux');

describe.skipIf(missing !== undefined)(
  `create-cluster tells the Prometheus it makes${missing ? `: ${missing}` : ''}`,
  () => {
    let subject: Subject;
    let place: Place;
    const run = (...args: string[]) => startCli('create-cluster', args, { home: subject.home, cwd: subject.cwd }).ended;
    const install = (...args: string[]) =>
      startCli('contextcore-install', args, { home: subject.home, cwd: subject.cwd }).ended;
    const pids = () =>
      ['prometheus', 'alertmanager'].map((name) => pidsWith(`=${join(subject.home, 'data/o11y-dev', name, 'data')}`));
    const api = () => {
      const { ports } = readStateFile(subject.home).options as { ports: Record<string, number> };
      return `http://127.0.0.1:${ports.prometheus}`;
    };

    beforeAll(async () => {
      subject = await createHostSubject();
      place = { home: subject.home, cluster: 'o11y-dev', plan: 'create-cluster' };
      const { exitCode, stderr } = await run(...subject.install);
      expect(exitCode, stderr).toBe(0);
    });
    afterAll(() => subject?.destroy());

    test('all six steps as the journal has them, those before it was there, too', async () => {
      // What the exit had no time for.
      expect((await install('telemetry', 'flush')).exitCode).toBe(0);
      const series = await readStored(api(), {}, 'o11y-dev');
      const transitions = readTransitions(place);
      expect(Object.keys(transitions)).toHaveLength(6);
      expect(statusesIn(series, place.plan)).toEqual(transitions);

      const answer = await fetch(`${api()}/api/v1/status/runtimeinfo`);
      const { data } = (await answer.json()) as { data: { startTime: string } };
      const before = ['preflight', 'cluster_create', 'manifests_apply'].flatMap((step) => transitions[step] ?? []);
      expect(before).toHaveLength(9);
      expect(before.filter(([at]) => at >= Date.parse(data.startTime))).toEqual([]);
      expect(changesOf(series, METRICS.runStatus.name, { plan: place.plan })).toEqual([1, 2]);
    });

    test.each(['in the middle', 'at the end'])(
      'a state lost %s is rebuilt, and nothing healthy is done again',
      async (when) => {
        const before = pids();
        const url = api();
        if (when === 'in the middle') {
          const cli = startCli('create-cluster', ['--repair', '--yes'], { home: subject.home, cwd: subject.cwd });
          await cli.seen(/pods_ready/);
          cli.kill('SIGKILL');
          await cli.ended;
          await install('telemetry', 'flush');
        }
        rmSync(join(subject.home, 'state'), { recursive: true });
        rmSync(join(subject.home, 'install-state.json'), { force: true });

        const rebuilt = await install('rebuild-state', '--cluster', 'o11y-dev', '--from', url, '--yes');
        expect(rebuilt.exitCode, rebuilt.stderr).toBe(0);
        expect(existsSync(join(subject.home, 'install-state.json'))).toBe(true);
        const resumed = await run('--resume');
        expect(resumed.exitCode, resumed.stderr).toBe(0);
        expect(pids()).toEqual(before);
        expect(resumed.stderr).toMatch(/pods_ready\s+already there/);
        expect(Object.values(readStateFile(subject.home).steps).map(({ status }) => status)).toEqual(
          Array(6).fill('completed'),
        );
        expect(await subject.findFaults()).toEqual([]);
      },
    );

    describe('an ordinary run that finds no state', () => {
      const lose = () => {
        rmSync(join(subject.home, 'state'), { recursive: true });
        rmSync(join(subject.home, 'install-state.json'), { force: true });
      };
      /** On a terminal, where the question is asked. */
      const answer = async (key: string) => {
        const session = openTerminalSession('create-cluster', [], { folder: subject.cwd, home: subject.home });
        try {
          await session.seen('[y/N]');
          session.type(key, 'Enter');
          return { exitCode: await session.ended(), stderr: session.screen() };
        } finally {
          session.close();
        }
      };
      const recorded = () => {
        const { started_at, rebuilt, options, steps } = readStateFile(subject.home);
        return { started_at, rebuilt, options, pods_ready: steps.pods_ready };
      };

      test('says how its steps are known again, and finds out by itself what is done: same processes, same ports', async () => {
        const before = { pids: pids(), options: recorded().options };
        lose();
        const { exitCode, stderr } = await run();
        expect(exitCode, stderr).toBe(0);
        expect(stderr).toContain(`contextcore-install rebuild-state --cluster o11y-dev --from ${api()}`);
        expect(stderr).toMatch(/pods_ready\s+already there/);
        expect({ pids: pids(), options: recorded().options }).toEqual(before);
        expect(recorded().rebuilt).toBeUndefined();
      });

      test.for([
        { how: 'with --yes', lacks: undefined, ask: async () => await run('--yes') },
        { how: 'when the answer is yes', lacks: lacksTerminal, ask: async () => await answer('y') },
      ])('takes the steps from the metrics $how, and does nothing again', async ({ ask, lacks }, { skip }) => {
        if (lacks !== undefined) return skip(lacks);
        const before = { pids: pids(), ...recorded() };
        const url = api();
        lose();
        const { exitCode, stderr } = await ask();
        expect(exitCode, stderr).toBe(0);
        expect(stderr).toContain('nothing to do');
        const { rebuilt, pods_ready } = recorded();
        expect({ pids: pids(), options: recorded().options }).toEqual({ pids: before.pids, options: before.options });
        expect(rebuilt).toMatchObject({ from: url });
        expect(pods_ready?.status).toBe('completed');
      });

      test('goes on without them when the answer is no', async ({ skip }) => {
        if (lacksTerminal !== undefined) return skip(lacksTerminal);
        const before = pids();
        lose();
        const { exitCode, stderr } = await answer('n');
        expect(exitCode, stderr).toBe(0);
        expect(pids()).toEqual(before);
        expect(recorded().rebuilt).toBeUndefined();
      });

      test('starts a server that has stopped on the port it had', async () => {
        const [prometheus, [stopped = 0] = []] = pids();
        const { options } = recorded();
        process.kill(stopped, 'SIGKILL');
        await waitFor(() => !isRunning(stopped));
        lose();
        const { exitCode, stderr } = await run('--yes');
        expect(exitCode, stderr).toBe(0);
        expect({ prometheus: pids()[0], options: recorded().options }).toEqual({ prometheus, options });
        expect(await subject.findFaults()).toEqual([]);
      });

      test('is not told of what --reset has forgotten, and keeps the ports all the same', async () => {
        const before = { pids: pids(), options: recorded().options };
        const url = api();
        expect((await run('--reset', '--yes')).exitCode).toBe(0);
        // In case the exit had no time for it.
        const env = { CONTEXTCORE_REMOTE_WRITE_URL: `${url}/api/v1/write` };
        await startCli('contextcore-install', ['telemetry', 'flush'], { home: subject.home, env }).ended;
        const { exitCode, stderr } = await run('--yes');
        expect(exitCode, stderr).toBe(0);
        expect(stderr).toContain('it is taken over');
        expect({ pids: pids(), options: recorded().options }).toEqual(before);
        expect(recorded().rebuilt).toBeUndefined();
      });
    });

    test('--delete closes the run where somebody outside listens', async () => {
      // The Prometheus of a second installation plays the site's own.
      const site = await createHostSubject();
      try {
        await startCli('create-cluster', site.install, { home: site.home, cwd: site.cwd }).ended;
        const { ports } = readStateFile(site.home).options as { ports: Record<string, number> };
        const outside = `http://127.0.0.1:${ports.prometheus}`;
        const home = join(site.cwd, 'second');
        const told = { home, cwd: site.cwd, env: { CONTEXTCORE_REMOTE_WRITE_URL: `${outside}/api/v1/write` } };
        const free = [`prometheus=${await findFreePort()}`, `alertmanager=${await findFreePort()}`];
        const flags = [
          '--cluster',
          'second',
          '--provider',
          'host',
          '--yes',
          ...free.flatMap((port) => ['--port', port]),
        ];
        expect((await startCli('create-cluster', flags, told).ended).exitCode).toBe(0);
        const deleted = await startCli('create-cluster', ['--delete', '--cluster', 'second', '--yes'], told).ended;
        expect(deleted.exitCode, deleted.stderr).toBe(0);
        await startCli('contextcore-install', ['telemetry', 'flush', '--cluster', 'second'], told).ended;
        const series = await readStored(outside, {}, 'second');
        expect(changesOf(series, METRICS.runStatus.name, { plan: place.plan })).toEqual([1, 2, 7]);
        expect(statusesIn(series, place.plan).pods_ready?.map(([, value]) => value)).toEqual([0, 1, 2, 0]);
        await waitFor(() => pidsWith(home).length === 0);
      } finally {
        await site.destroy();
      }
    });
  },
);
