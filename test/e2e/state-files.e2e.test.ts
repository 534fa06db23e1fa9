import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { type Ground, makeGround } from '../support/cli.ts';
import { linesOf, readStateFile, statePath, writeFile } from '../support/cli-files.ts';
import { covers } from './interface.ts';

const PLAN = `
name: demo
steps:
  - { id: one, run: 'echo one >> effects' }
  - { id: two, run: 'echo two >> effects' }
`;

/** A plan that has run once. */
async function makeInstalled(): Promise<
  Ground & { plan: string; state: string; journal: string; effects(): readonly string[] }
> {
  const ground = makeGround();
  const plan = writeFile(ground.folder, 'plan.yaml', PLAN);
  expect((await ground.install(['run', plan])).exitCode).toBe(0);
  const state = statePath(ground.home, 'demo');
  const journal = state.replace(/json$/, 'journal');
  return { ...ground, plan, state, journal, effects: () => linesOf(join(ground.folder, 'effects')) };
}

describe('a state that cannot be used', () => {
  test(`is exit 5 in every mode and stays as it is: corrupt beyond its journal ${covers('exit 5')}`, async () => {
    const { install, plan, state, journal, effects } = await makeInstalled();
    for (const [what, json, log] of [
      ['corrupt', '{ "version": "1.', 'no journal at all'],
      ['newer', '{ "version": "99.0", "cluster_name": "o11y-dev", "steps": {} }', ''],
      ['foreign', '[1, 2, 3]', ''],
    ] as const) {
      writeFileSync(state, json);
      writeFileSync(journal, log);
      for (const args of [['run'], ['resume'], ['repair'], ['status'], ['rollback', '--yes']]) {
        const { exitCode, stderr } = await install([...args, plan]);
        expect({ what, args, exitCode }, stderr).toEqual({ what, args, exitCode: 5 });
        expect(stderr).toMatch(/^✗ .*install-state/s);
        expect(stderr).not.toMatch(/\n\s+at .*:\d+/);
      }
      expect([readFileSync(state, 'utf8'), readFileSync(journal, 'utf8')]).toEqual([json, log]);
    }
    expect(effects()).toEqual(['one', 'two']);
    // The way out that the error names.
    expect((await install(['reset', plan, '--yes'])).exitCode).toBe(0);
    expect((await install(['run', plan])).exitCode).toBe(0);
  });

  test(`is recovered from its journal: empty, truncated, gone; nothing is done again ${covers('exit 0', 'resume')}`, async () => {
    const { install, plan, state, journal, effects, home } = await makeInstalled();
    for (const harm of [
      () => writeFileSync(state, ''),
      () => truncateSync(state, 40),
      () => execFileSync('rm', [state]),
      () => writeFileSync(journal, readFileSync(journal).subarray(0, -3)),
      () => execFileSync('rm', [journal]),
    ]) {
      harm();
      const { exitCode, stderr } = await install(['resume', plan]);
      expect(exitCode, stderr).toBe(0);
      expect(readStateFile(home, 'demo').steps).toMatchObject({
        one: { status: 'completed' },
        two: { status: 'completed' },
      });
    }
    expect(effects()).toEqual(['one', 'two']);
  });

  test(`unknown fields and a valid edit by hand survive ${covers('run')}`, async () => {
    const { install, plan, state, home, effects } = await makeInstalled();
    const document = readStateFile(home, 'demo');
    document.note = 'mine';
    Object.assign(document.steps.two ?? {}, { status: 'pending', owner: 'me' });
    writeFileSync(state, JSON.stringify(document));
    expect((await install(['resume', plan])).exitCode).toBe(0);
    expect(effects()).toEqual(['one', 'two', 'two']);
    expect(readStateFile(home, 'demo')).toMatchObject({ note: 'mine', steps: { two: { owner: 'me' } } });
  });

  test(`a plain file in the place of the link is adopted, with a copy kept ${covers('create-cluster --status', 'CONTEXTCORE_HOME')}`, async () => {
    const { createCluster, install, folder, home } = makeGround();
    mkdirSync(home, { mode: 0o700 });
    const seed = {
      version: '1.0',
      cluster_name: 'o11y-dev',
      started_at: '2026-01-01T10:00:00Z',
      steps: { preflight: { status: 'completed', attempts: 1 } },
    };
    writeFile(home, 'install-state.json', JSON.stringify(seed));
    const { exitCode, stdout, stderr } = await createCluster(['--status']);
    expect(exitCode, stderr).toBe(0);
    expect(stdout).toContain('preflight');
    expect((await install(['history'], { cwd: folder })).exitCode).toBe(0);
  });
});

describe('a home that cannot be written', () => {
  test(`is exit 5, whatever the reason ${covers('exit 5', 'CONTEXTCORE_HOME')}`, async (context) => {
    const { install, createCluster, folder } = makeGround();
    const plan = writeFile(folder, 'plan.yaml', PLAN);
    const file = writeFile(folder, 'file', '');
    for (const home of [file, join(file, 'below'), '/proc/nowhere']) {
      for (const { exitCode, stderr } of [
        await install(['run', plan], { home }),
        await createCluster(['--provider', 'host', '--yes'], { home }),
      ]) {
        expect(exitCode, stderr).toBe(5);
        expect(stderr).toContain(home);
      }
    }
    if (process.getuid?.() !== 0) return context.skip('only root can run the program as another user');
    const denied = join(folder, 'denied');
    mkdirSync(denied, { mode: 0o500 });
    chmodSync(folder, 0o755);
    chownSync(denied, 65534, 65534);
    const { exitCode, stderr } = await install(['run', plan], { home: denied, uid: 65534 });
    expect(exitCode, stderr).toBe(5);
    expect(linesOf(join(folder, 'effects'))).toEqual([]);
  });

  test(`a home with a relative path is the folder that it was at the start ${covers('CONTEXTCORE_HOME')}`, async () => {
    const { install, folder } = makeGround();
    mkdirSync(join(folder, 'plans'));
    const plan = writeFile(join(folder, 'plans'), 'p.yaml', 'steps: [{ id: a, run: "echo said" }]\n');
    expect((await install(['run', plan], { home: 'rel home' })).exitCode).toBe(0);
    expect(readStateFile(join(folder, 'rel home'), 'p').steps.a?.status).toBe('completed');
    expect((await install(['status', plan, '--check'], { home: join(folder, 'rel home') })).exitCode).toBe(0);
  });
});

describe('a full disk', () => {
  test(`before the run and during it is exit 5; what was recorded stays readable ${covers('exit 5')}`, async (context) => {
    const { install, folder } = makeGround();
    const home = join(folder, 'small');
    mkdirSync(home);
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=3m,mode=0700', 'tmpfs', home]);
    if (mounted.status !== 0) return context.skip(`no tmpfs can be mounted: ${mounted.stderr}`);
    onTestFinished(() => void spawnSync('umount', ['--lazy', home]));
    const plan = writeFile(
      folder,
      'plan.yaml',
      `name: demo
steps:
  - { id: one, run: 'echo one >> effects' }
  - { id: fill, run: '[ -e roomy ] || cat /dev/zero > "${home}/ballast" || true; echo fill >> effects' }
  - { id: last, run: 'echo last >> effects' }
`,
    );
    const during = await install(['run', plan], { home });
    expect(during.exitCode, during.stderr).toBe(5);
    expect(during.stderr).toMatch(/no space left|only .* free/i);
    const effects = linesOf(join(folder, 'effects'));
    // The last block of the journal may have room for one more.
    expect(effects.slice(0, 2)).toEqual(['one', 'fill']);

    const before = await install(['resume', plan], { home });
    expect(before.exitCode, before.stderr).toBe(5);
    expect(linesOf(join(folder, 'effects'))).toEqual(effects);
    expect((await install(['status', plan], { home })).stdout).toMatch(/✓ one/);

    execFileSync('rm', [join(home, 'ballast')]);
    writeFile(folder, 'roomy', '');
    expect((await install(['resume', plan], { home })).exitCode).toBe(0);
    expect(linesOf(join(folder, 'effects')).filter((line) => line === 'one')).toHaveLength(1);
  });
});

test('a step that failed and was taken out of the plan keeps it from being complete no more', async () => {
  const { install, folder, home } = makeGround();
  const steps = '{ id: a, run: "true" }, { id: old, run: "true" }, { id: b, run: "false" }, { id: c, run: "true" }';
  const plan = writeFile(folder, 'shrink.yaml', `steps: [${steps}]`);
  expect((await install(['run', plan])).exitCode).toBe(1);
  writeFile(folder, 'shrink.yaml', 'steps: [{ id: a, run: "true" }]');
  expect((await install(['resume', plan, '--accept-changes'])).exitCode).toBe(0);
  expect(Object.keys(readStateFile(home, 'shrink').steps)).toEqual(['a', 'old']);
  expect((await install(['status', plan, '--check'])).exitCode).toBe(0);
});
