import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeGround } from '../support/cli.ts';
import { linesOf, readStateFile, snapshot, statePath } from '../support/cli-files.ts';
import { findFreePort } from '../support/free-port.ts';
import { MIMIR, PROMETHEUS, startMimir, startPrometheus } from '../support/servers/backends.ts';
import { missingPrograms, type RunningServer } from '../support/servers/start-server.ts';
import { obtainVictoriaMetrics, startVictoriaMetrics } from '../support/servers/victoria-metrics.ts';
import { flush, PLAN, placeOf, stateFolder, timesOf, writePlan } from './support.ts';

const victoria = await obtainVictoriaMetrics();

interface Kind {
  name: string;
  missing: string | undefined;
  start: () => Promise<RunningServer>;
  push: string;
  /** Besides the address. */
  env: Record<string, string>;
  /** Asked for, it shows what it was sent at once, and not part after part. */
  show?: string;
}

const KINDS: readonly Kind[] = [
  {
    name: 'Prometheus',
    missing: await missingPrograms(PROMETHEUS),
    start: startPrometheus,
    push: '/api/v1/write',
    env: {},
  },
  {
    name: 'Mimir with a tenant',
    missing: await missingPrograms(MIMIR),
    start: () => startMimir({ multitenancy: true }),
    push: '/api/v1/push',
    env: { CONTEXTCORE_TENANT: 'team-a' },
  },
  {
    name: 'VictoriaMetrics',
    missing: victoria === undefined ? 'its Debian package cannot be had' : undefined,
    start: () => startVictoriaMetrics(victoria ?? ''),
    push: '/api/v1/write',
    env: {},
    show: '/internal/force_flush',
  },
];

for (const { name, missing, start, push, env: more, show } of KINDS) {
  describe.skipIf(missing !== undefined)(`${name}${missing === undefined ? '' : ` (${missing})`}`, () => {
    let server: RunningServer;
    beforeAll(async () => {
      server = await start();
    });
    afterAll(() => server?.stop());
    const showAll = async () => {
      if (show !== undefined) expect((await fetch(server.url + show)).status).toBe(200);
    };

    test('a lost state comes back unverified, and a resume does again only what was not done', async () => {
      const ground = makeGround();
      const env = { ...more, CONTEXTCORE_REMOTE_WRITE_URL: `${server.url}${push}` };
      const commands = ['echo one >> effects', 'echo two >> effects', 'test -f ready && echo three >> effects'];
      const plan = writePlan(ground, commands, 'cluster: lost\n');
      expect((await ground.install(['run', plan], { env })).exitCode).toBe(1);
      expect((await flush(ground, env, '--cluster', 'lost')).exitCode).toBe(0);
      const before = readStateFile(ground.home, PLAN, 'lost');
      rmSync(stateFolder(placeOf(ground, 'lost')), { recursive: true });

      const rebuild = ['rebuild-state', '--cluster', 'lost', '--plan', PLAN, '--from', server.url];
      await showAll();
      await expect
        .poll(async () => (await ground.install(rebuild, { env: more })).exitCode, { timeout: 60_000 })
        .toBe(2);
      const asked = await ground.install(rebuild, { env: more });
      expect(asked.stderr).toMatch(/s1\s+completed/);
      expect(existsSync(statePath(ground.home, PLAN, 'lost'))).toBe(false);

      expect((await ground.install([...rebuild, '--yes'], { env: more })).exitCode).toBe(0);
      const after = readStateFile(ground.home, PLAN, 'lost');
      expect(timesOf(after)).toEqual(timesOf(before));
      expect(Object.values(after.steps).map((step) => (step as { verified?: unknown }).verified)).toEqual([
        false,
        false,
        false,
      ]);

      writeFileSync(join(ground.folder, 'ready'), '');
      const resumed = await ground.install(['resume', plan], { env });
      expect({ code: resumed.exitCode, effects: linesOf(join(ground.folder, 'effects')) }).toEqual({
        code: 0,
        effects: ['one', 'two', 'three'],
      });
    });

    test('an interrupted step is found so, and a good state that is there is kept as a copy', async () => {
      const ground = makeGround();
      const env = { ...more, CONTEXTCORE_REMOTE_WRITE_URL: `${server.url}${push}` };
      const plan = writePlan(ground, ['true', 'sleep 20'], 'cluster: cut\n');
      const cli = ground.start('contextcore-install', ['run', plan], { env });
      await cli.seen(/s2\s+started/);
      cli.kill('SIGKILL');
      await cli.ended;
      await flush(ground, env, '--cluster', 'cut');
      await showAll();
      const bytes = readFileSync(statePath(ground.home, PLAN, 'cut'));
      const rebuild = ['rebuild-state', '--cluster', 'cut', '--plan', PLAN, '--from', server.url, '--yes', '--json'];
      await expect
        .poll(async () => (await ground.install(rebuild, { env: more })).exitCode, { timeout: 60_000 })
        .toBe(0);
      expect(readStateFile(ground.home, PLAN, 'cut').steps).toMatchObject({
        s1: { status: 'completed' },
        s2: { status: 'in_progress' },
      });
      const folder = stateFolder(placeOf(ground, 'cut'));
      const copies = readdirSync(folder).filter((file) => file.startsWith('install-state.json.'));
      expect(copies.map((file) => readFileSync(join(folder, file)))).toContainEqual(bytes);
    });
  });
}

const missing = await missingPrograms(PROMETHEUS);
describe.skipIf(missing !== undefined)(`nothing is changed${missing === undefined ? '' : ` (${missing})`}`, () => {
  let server: RunningServer;
  beforeAll(async () => {
    server = await startPrometheus();
  });
  afterAll(() => server?.stop());

  test('by an empty answer, by nobody, by a closed run, by a wrong address', async () => {
    const ground = makeGround();
    const env = { CONTEXTCORE_REMOTE_WRITE_URL: `${server.url}/api/v1/write` };
    const plan = writePlan(ground, ['true'], 'cluster: kept\n');
    await ground.install(['run', plan], { env });
    await flush(ground, env, '--cluster', 'kept');
    const files = snapshot(stateFolder(placeOf(ground, 'kept')), /^lock$/);
    const rebuild = (...args: string[]) => ground.install(['rebuild-state', '--yes', '--plan', PLAN, ...args]);

    const nobody = `http://127.0.0.1:${await findFreePort()}`;
    for (const [args, said] of [
      [['--cluster', 'kept', '--from', nobody], 'did not answer'],
      [['--cluster', 'kept', '--from', `${server.url}/nowhere`], 'has no Prometheus API'],
      [['--cluster', 'other', '--from', server.url], 'knows of no run'],
    ] as const) {
      const ended = await rebuild(...args);
      expect({ code: ended.exitCode, said: ended.stderr.includes(said) }).toEqual({ code: 7, said: true });
    }
    expect((await rebuild('--cluster', 'kept', '--from', 'mimir:9009')).exitCode).toBe(2);
    expect((await ground.install(['rebuild-state', '--cluster', 'kept', '--yes'])).exitCode).toBe(2);
    expect(snapshot(stateFolder(placeOf(ground, 'kept')), /^lock$/)).toEqual(files);

    expect((await ground.install(['rollback', plan, '--yes'], { env })).exitCode).toBe(0);
    await flush(ground, env, '--cluster', 'kept');
    const gone = await rebuild('--cluster', 'kept', '--from', server.url);
    expect({ code: gone.exitCode, said: gone.stderr.includes('was deleted since its last run') }).toEqual({
      code: 7,
      said: true,
    });
  });
});
