import { chmodSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { makeGround } from '../support/cli.ts';
import { linesOf, readStateFile, snapshot, writeFile } from '../support/cli-files.ts';
import { covers } from './interface.ts';

/** Three steps that append to `effects`; the second fails unless `ready` is there. */
const PLAN = `
name: demo
steps:
  - id: one
    run: echo one >> effects
    rollback: echo un-one >> effects
  - id: two
    run: test -f ready && echo two >> effects && touch two.made
    check: test -f two.made
    repair: echo mended >> effects && touch two.made
    rollback: echo un-two >> effects && rm -f two.made
  - id: three
    run: echo three >> effects
`;

function makeDemo() {
  const ground = makeGround();
  mkdirSync(ground.home);
  const plan = writeFile(ground.folder, 'plan.yaml', PLAN);
  const ready = join(ground.folder, 'ready');
  return { ...ground, plan, ready, effects: () => linesOf(join(ground.folder, 'effects')) };
}

describe("a user's own plan", () => {
  test(`runs, fails, resumes, and does nothing twice ${covers('contextcore-install', 'run', 'resume', '--resume', 'exit 0', 'exit 1', 'plan: YAML file', 'CONTEXTCORE_HOME')}`, async () => {
    const { install, plan, ready, effects, home } = makeDemo();
    const failed = await install(['run', plan]);
    expect(failed).toMatchObject({ exitCode: 1, stdout: '' });
    expect(failed.stderr).toContain('sh exited with 1');
    expect(failed.stderr).toContain(`contextcore-install resume ${plan}`);
    expect(readStateFile(home, 'demo').steps).toMatchObject({
      one: { status: 'completed' },
      two: { status: 'failed', error: { code: 'step_failed' } },
      three: { status: 'pending' },
    });

    writeFileSync(ready, '');
    expect((await install(['resume', plan])).exitCode).toBe(0);
    expect(effects()).toEqual(['one', 'two', 'three']);

    for (const args of [
      ['run', plan],
      ['run', '--resume', plan],
      ['resume', plan],
      ['run', plan, '--repair'],
    ]) {
      expect((await install(args)).exitCode).toBe(0);
    }
    expect(effects()).toEqual(['one', 'two', 'three']);
  });

  test(`repair mends what its check finds, after listing it with --dry-run ${covers('repair', '--repair', '--dry-run')}`, async () => {
    const { install, plan, ready, effects, folder, home } = makeDemo();
    writeFileSync(ready, '');
    await install(['run', plan]);
    rmSync(join(folder, 'two.made'));

    const before = snapshot(home);
    const listed = await install(['repair', plan, '--dry-run']);
    expect(listed).toMatchObject({ exitCode: 0 });
    expect(listed.stdout).toContain('two: unhealthy: check exited with 1');
    expect(listed.stdout).not.toContain('three:');
    expect(snapshot(home)).toEqual(before);
    expect(effects()).toEqual(['one', 'two', 'three']);

    expect((await install(['repair', plan])).exitCode).toBe(0);
    expect(effects()).toEqual(['one', 'two', 'three', 'mended']);
  });

  test(`--dry-run says what would be done and changes nothing ${covers('--dry-run')}`, async () => {
    const { install, plan, effects, home } = makeDemo();
    const shown = await install(['run', plan, '--dry-run']);
    expect(shown.exitCode).toBe(0);
    expect(shown.stdout).toMatch(/1 one +do.*2 two +do +absent.*3 three +do/s);
    expect(effects()).toEqual([]);
    expect(existsSync(join(home, 'state'))).toBe(false);

    const json = await install(['run', plan, '--dry-run', '--json']);
    expect(JSON.parse(json.stdout)).toMatchObject({
      mode: 'run',
      steps: [{ id: 'one' }, { id: 'two' }, { id: 'three' }],
    });
  });

  test(`status tells what is recorded, for people, scripts and their exit codes ${covers('status', '--status', '--check', '--json')}`, async () => {
    const { install, plan, ready } = makeDemo();
    const none = await install(['status', plan]);
    expect(none).toMatchObject({ exitCode: 0, stdout: '' });
    expect(none.stderr).toContain('no state is recorded');

    await install(['run', plan]);
    const failed = await install(['run', plan, '--status', '--check']);
    expect(failed.exitCode).toBe(1);
    expect(failed.stdout).toContain('failed at two');
    expect((await install(['status', plan])).exitCode).toBe(0);

    writeFileSync(ready, '');
    await install(['resume', plan]);
    const json = await install(['status', plan, '--json', '--check']);
    expect(json.exitCode).toBe(0);
    expect(JSON.parse(json.stdout)).toMatchObject({
      cluster_name: 'o11y-dev',
      plan: 'demo',
      steps: { two: { status: 'completed', attempts: 1 } },
    });
  });

  test(`--watch follows a run to its end ${covers('--watch')}`, async () => {
    const { start, folder } = makeDemo();
    const wait = 'until [ -e go ]; do sleep 0.1; done';
    const plan = writeFile(folder, 'slow.yaml', `name: slow\nsteps: [{ id: slow, run: '${wait}' }]\n`);
    const run = start('contextcore-install', ['run', plan]);
    await run.seen('slow  started');
    const watch = start('contextcore-install', ['status', plan, '--watch']);
    await watch.seen('at work');
    writeFile(folder, 'go', '');
    const watched = await watch.ended;
    expect(watched.exitCode).toBe(0);
    expect(watched.stdout).toMatch(/at work.*complete: 1 of 1/s);
    expect((await run.ended).exitCode).toBe(0);
  });

  test(`reset asks, keeps a dated copy and leaves the effects ${covers('reset', '--reset', '--yes', 'exit 2')}`, async () => {
    const { install, plan, ready, home, effects } = makeDemo();
    writeFileSync(ready, '');
    await install(['run', plan]);
    const asked = await install(['reset', plan]);
    expect(asked.exitCode).toBe(2);
    expect(asked.stderr).toContain('--yes');
    expect(readStateFile(home, 'demo').steps.one?.status).toBe('completed');

    expect((await install(['run', plan, '--reset', '--yes'])).exitCode).toBe(0);
    const names = Object.keys(snapshot(home));
    expect(names.some((name) => name.endsWith('install-state.json'))).toBe(false);
    expect(names.filter((name) => /install-state\.json.*\d{4}/.test(name))).toHaveLength(1);
    expect((await install(['status', plan])).stderr).toContain('no state');
    expect(effects()).toEqual(['one', 'two', 'three']);
  });

  test(`rollback takes back newest first, and only what was done ${covers('rollback', '--delete')}`, async () => {
    const { install, plan, effects, folder } = makeDemo();
    await install(['run', plan]);
    expect((await install(['rollback', plan])).exitCode).toBe(2);
    expect((await install(['rollback', plan, '--yes'])).exitCode).toBe(0);
    expect(effects()).toEqual(['one', 'un-two', 'un-one']);
    const again = await install(['run', plan, '--delete', '--yes']);
    expect(again).toMatchObject({ exitCode: 0 });
    expect(effects()).toHaveLength(3);
    expect((await install(['history', 'demo'], { cwd: folder })).stdout).toContain('failure');
  });

  test(`validate tells the order, or the circle ${covers('validate', 'exit 2')}`, async () => {
    const { install, plan, folder, home } = makeDemo();
    expect((await install(['validate', plan])).stdout).toBe('demo: 3 steps, in this order: one, two, three\n');
    expect(JSON.parse((await install(['validate', plan, '--json'])).stdout)).toMatchObject({
      valid: true,
      steps: [
        { id: 'one', needs: [] },
        { id: 'two', needs: ['one'] },
        { id: 'three', needs: ['two'] },
      ],
    });
    const circle = writeFile(
      folder,
      'circle.yaml',
      'steps: [{ id: a, run: x, needs: [c] }, { id: b, run: x, needs: [a] }, { id: c, run: x, needs: [b] }]',
    );
    const refused = await install(['validate', circle]);
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toContain('a -> c -> b -> a');
    expect(snapshot(home)).toEqual({});
  });

  test(`changed inputs are refused by resume until they are accepted ${covers('--accept-changes', 'exit 6')}`, async () => {
    const { install, plan, ready, effects, folder } = makeDemo();
    writeFileSync(ready, '');
    await install(['run', plan]);
    writeFile(folder, 'plan.yaml', PLAN.replace('echo three', 'echo third'));
    const refused = await install(['resume', plan]);
    expect(refused.exitCode).toBe(6);
    expect(refused.stderr).toMatch(/three.*echo three.*echo third/s);
    expect(refused.stderr).toContain('--accept-changes');
    expect(effects()).toEqual(['one', 'two', 'three']);
    expect((await install(['resume', plan, '--accept-changes'])).exitCode).toBe(0);
    expect(effects()).toEqual(['one', 'two', 'three', 'third']);
  });

  test(`--only and --from choose steps ${covers('--only', '--from')}`, async () => {
    const { install, plan, ready, effects } = makeDemo();
    const early = await install(['run', plan, '--only', 'three']);
    expect(early.exitCode).toBe(2);
    expect(early.stderr).toContain('needs two, which is not completed');
    expect((await install(['run', plan, '--only', 'one'])).exitCode).toBe(0);
    writeFileSync(ready, '');
    expect((await install(['run', plan, '--from', 'two'])).exitCode).toBe(0);
    expect(effects()).toEqual(['one', 'two', 'three']);
    const unknown = await install(['run', plan, '--from', 'four']);
    expect(unknown.exitCode).toBe(2);
    expect(unknown.stderr).toContain('one, two, three');
  });

  test(`a folder of numbered scripts is a plan ${covers('plan: numbered scripts', '--cluster')}`, async () => {
    const { install, folder, home, effects } = makeDemo();
    const scripts = join(folder, 'Deploy it');
    mkdirSync(scripts);
    writeFile(scripts, '10_last.sh', 'echo last >> ../effects\n');
    writeFile(scripts, '2-second step.sh', 'echo second >> ../effects; test -f ../ready\n');
    writeFile(scripts, '01_first.sh', 'echo first >> ../effects\n');
    writeFile(scripts, 'README.md', 'left alone');
    chmodSync(join(scripts, '10_last.sh'), 0o644);
    expect((await install(['run', scripts, '--cluster', 'prod'])).exitCode).toBe(1);
    writeFileSync(join(folder, 'ready'), '');
    expect((await install(['resume', scripts, '--cluster', 'prod'])).exitCode).toBe(0);
    expect(effects()).toEqual(['first', 'second', 'second', 'last']);
    expect(Object.keys(readStateFile(home, 'deploy-it', 'prod').steps)).toEqual([
      '01_first',
      '02_second_step',
      '10_last',
    ]);
  });

  test(`the same name from another path is refused ${covers('exit 5')}`, async () => {
    const { install, plan, ready, folder, home, effects } = makeDemo();
    writeFileSync(ready, '');
    await install(['run', plan]);
    const before = snapshot(home, /lock$|logs/);
    const twin = writeFile(folder, 'twin.yaml', PLAN);
    const refused = await install(['run', twin]);
    expect(refused.exitCode).toBe(5);
    expect(refused.stderr).toContain(plan);
    expect(snapshot(home, /lock$|logs/)).toEqual(before);
    expect(effects()).toHaveLength(3);
  });
});
