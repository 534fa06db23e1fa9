import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { makeGround } from '../support/cli.ts';
import { linesOf, readStateFile, writeFile } from '../support/cli-files.ts';
import { pidsWith, waitFor } from '../support/processes.ts';
import { covers } from './interface.ts';

const STEPS = ['one', 'two', 'three'];

/** Steps with children and grandchildren that wait; each can be looked for by the folder in its arguments. */
function makeWaiting(trap = '') {
  const ground = makeGround();
  const { folder } = ground;
  const waiter = writeFile(
    folder,
    'wait.sh',
    `${trap}echo "start $1" >> "$2/effects"
[ -e "$2/pass-$1" ] || { sh -c 'sleep 60; :' "$2/grandchild" & wait $!; [ -n "$STUBBORN" ] && sleep 60; exit 1; }
echo "end $1" >> "$2/effects"\n`,
  );
  const steps = STEPS.map((id) => `  - { id: ${id}, run: [sh, '${waiter}', ${id}, '${folder}'] }`);
  const plan = writeFile(folder, 'wait.yaml', `name: waiting\nsteps:\n${steps.join('\n')}\n`);
  const effects = () => linesOf(join(folder, 'effects'));
  const pass = (id: string) => writeFile(folder, `pass-${id}`, '');
  return { ...ground, plan, effects, pass };
}

describe('Ctrl-C', () => {
  test(`in every step: exit 130, no process left, resumable ${covers('exit 130', '--resume')}`, async () => {
    const { start, install, plan, effects, pass, folder, home } = makeWaiting();
    for (const id of STEPS) {
      const run = start('contextcore-install', ['run', plan, '--resume']);
      await waitFor(() => effects().at(-1) === `start ${id}` && pidsWith(`${folder}/grandchild`).length > 0);
      run.kill('SIGINT');
      const { exitCode, stderr, signal } = await run.ended;
      expect({ exitCode, signal }, stderr).toEqual({ exitCode: 130, signal: null });
      expect(stderr).toContain(`contextcore-install resume ${plan}`);
      expect(pidsWith(folder)).toEqual([]);
      expect(readStateFile(home, 'waiting').steps[id]?.status).toBe('in_progress');
      expect(readStateFile(home, 'waiting').last_run?.result).toBe('cancellation');
      pass(id);
    }
    expect((await install(['resume', plan])).exitCode).toBe(0);
    expect(effects()).toEqual(STEPS.flatMap((id) => [`start ${id}`, `start ${id}`, `end ${id}`]));
  });

  test(`SIGTERM is 143 ${covers('exit 143')}`, async () => {
    const { start, plan, effects, folder } = makeWaiting();
    const run = start('contextcore-install', ['run', plan]);
    await waitFor(() => effects().length === 1);
    run.kill('SIGTERM');
    expect((await run.ended).exitCode).toBe(143);
    expect(pidsWith(folder)).toEqual([]);
  });

  test(`a second one is immediate, though a child will not end ${covers('exit 130')}`, async () => {
    const { start, install, plan, effects, folder, pass } = makeWaiting("trap '' TERM\nexport STUBBORN=1\n");
    const run = start('contextcore-install', ['run', plan]);
    await waitFor(() => effects().length === 1);
    run.kill('SIGINT');
    await new Promise((resolve) => setTimeout(resolve, 500));
    expect(run.child.exitCode).toBe(null);
    const begun = performance.now();
    run.kill('SIGINT');
    expect((await run.ended).exitCode).toBe(130);
    // Less than what was left of the children's 5 s of grace.
    expect(performance.now() - begun).toBeLessThan(4_000);
    await waitFor(() => pidsWith(folder).length === 0);
    for (const id of STEPS) pass(id);
    expect((await install(['resume', plan])).exitCode).toBe(0);
  });

  test(`--timeout ends a run with exit 1, and a limit of years is no limit ${covers('--timeout', 'exit 1')}`, async () => {
    const { install, plan, folder, pass, home, effects } = makeWaiting();
    const stopped = await install(['run', plan, '--timeout', '1500ms']);
    expect(stopped.exitCode).toBe(1);
    expect(stopped.stderr).toContain('--timeout');
    expect(pidsWith(folder)).toEqual([]);
    expect(readStateFile(home, 'waiting').last_run?.result).toBe('timeout');
    for (const id of STEPS) pass(id);
    const done = await install(['resume', plan, '--timeout', '300d']);
    expect(done).toMatchObject({ exitCode: 0 });
    expect(done.stderr).not.toContain('Warning');
    expect(effects().filter((line) => line.startsWith('end'))).toHaveLength(3);

    // A stop before the first step is no success either.
    const early = await install(['run', plan, '--timeout', '1ms']);
    expect(early.exitCode).toBe(1);
    expect(existsSync(join(folder, 'home'))).toBe(true);
  });
});
