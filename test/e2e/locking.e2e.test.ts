import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { makeGround } from '../support/cli.ts';
import { linesOf, readStateFile, writeFile } from '../support/cli-files.ts';
import { isRunning, waitFor } from '../support/processes.ts';
import { covers } from './interface.ts';

/** A step that notes its start, its pid and its end, and ends when `go` is there. */
const PLAN = `
name: slow
steps:
  - id: slow
    run: echo start >> effects; echo $$ > pid; until [ -e go ]; do sleep 0.1; done; echo end >> effects
  - { id: after, run: 'echo after >> effects' }
`;

function makeSlow() {
  const ground = makeGround();
  const at = (name: string) => join(ground.folder, name);
  return {
    ...ground,
    plan: writeFile(ground.folder, 'slow.yaml', PLAN),
    effects: () => linesOf(at('effects')),
    letGo: () => writeFileSync(at('go'), ''),
    /** Pid of the step's child, once it runs. */
    childPid: async () => {
      await waitFor(() => existsSync(at('pid')) && readFileSync(at('pid'), 'utf8').endsWith('\n'));
      return Number(readFileSync(at('pid'), 'utf8'));
    },
  };
}

describe('one run at a time', () => {
  test(`a second run is refused and told who holds the lock ${covers('exit 4', 'unlock --list', 'unlock')}`, async () => {
    const { start, install, plan, letGo, childPid, effects } = makeSlow();
    const first = start('contextcore-install', ['run', plan]);
    await childPid();
    const [second, resumed, deleted, reset] = await Promise.all([
      install(['run', plan]),
      install(['resume', plan]),
      install(['rollback', plan, '--yes']),
      install(['reset', plan, '--yes']),
    ]);
    for (const refused of [second, resumed, deleted, reset]) {
      expect(refused.exitCode).toBe(4);
      expect(refused.stderr).toContain(`pid ${first.pid}`);
      expect(refused.stderr).toMatch(/since \d{4}-\d\d-\d\dT/);
    }
    // Looking is always allowed.
    expect((await install(['status', plan])).stdout).toContain(`pid ${first.pid}`);
    expect((await install(['unlock', '--list'])).stdout).toMatch(new RegExp(`slow +held .*pid ${first.pid}`));
    const unlock = await install(['unlock', 'slow', '--yes']);
    expect(unlock.exitCode).toBe(4);
    expect(unlock.stderr).toContain(`kill ${first.pid}`);

    letGo();
    expect((await first.ended).exitCode).toBe(0);
    expect(effects()).toEqual(['start', 'end', 'after']);
    expect((await install(['unlock', 'slow'])).stderr).toContain('not locked');
  });

  test(`another cluster of the same plan runs beside it ${covers('--cluster')}`, async () => {
    const { start, plan, letGo, effects } = makeSlow();
    const runs = ['a', 'b'].map((cluster) => start('contextcore-install', ['run', plan, '--cluster', cluster]));
    await waitFor(() => effects().length === 2);
    letGo();
    expect((await Promise.all(runs.map((run) => run.ended))).map((end) => end.exitCode)).toEqual([0, 0]);
  });
});

describe('a killed engine', () => {
  test(`leaves no lock that blocks; its child is waited for, never run beside ${covers('resume', 'unlock --list')}`, async () => {
    const { start, install, plan, letGo, childPid, effects, home } = makeSlow();
    const first = start('contextcore-install', ['run', plan]);
    const pid = await childPid();
    first.kill('SIGKILL');
    await first.ended;
    expect(isRunning(pid)).toBe(true);
    expect((await install(['unlock', '--list'])).stdout).toMatch(/slow +stale/);
    expect((await install(['status', plan])).stdout).toContain('interrupted');

    const second = start('contextcore-install', ['resume', plan]);
    await second.seen(`waiting for what a killed run left running: slow: sh (pid ${pid})`);
    await sleep(700);
    expect(effects()).toEqual(['start']);
    letGo();
    expect((await second.ended).exitCode).toBe(0);
    // Without a check only a second run tells that the step is done.
    expect(effects()).toEqual(['start', 'end', 'start', 'end', 'after']);
    expect(readStateFile(home, 'slow').steps.slow).not.toHaveProperty('children');
  });

  test(`its child is ended with --yes before the step runs again ${covers('--yes', 'resume')}`, async () => {
    const { start, plan, letGo, childPid, effects } = makeSlow();
    const first = start('contextcore-install', ['run', plan]);
    const pid = await childPid();
    first.kill('SIGKILL');
    await first.ended;
    const second = start('contextcore-install', ['resume', plan, '--yes']);
    await waitFor(() => effects().length === 2);
    expect(isRunning(pid)).toBe(false);
    letGo();
    expect((await second.ended).exitCode).toBe(0);
    expect(effects()).toEqual(['start', 'start', 'end', 'after']);
  });
});
