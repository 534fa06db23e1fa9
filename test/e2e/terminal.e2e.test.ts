import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { makeGround, type Program } from '../support/cli.ts';
import { linesOf, readStateFile, writeFile } from '../support/cli-files.ts';
import { pidsWith, waitFor } from '../support/processes.ts';
import { missingPrograms } from '../support/programs.ts';
import { openTerminalSession } from '../support/terminal-session.ts';
import { covers } from './interface.ts';

const missing = missingPrograms('tmux');

function makeTerminal() {
  const ground = makeGround();
  const open = (program: Program, args: readonly string[]) => {
    const session = openTerminalSession(program, args, ground);
    onTestFinished(session.close);
    return session;
  };
  const plan = writeFile(
    ground.folder,
    'plan.yaml',
    `name: demo
steps:
  - { id: quick, run: 'echo quick >> effects', rollback: 'echo un-quick >> effects' }
  - { id: slow, run: 'echo slow begins >> effects; until [ -e go ]; do sleep 0.1; done; echo slow >> effects' }
  - { id: last, run: 'echo last >> effects' }
`,
  );
  return { ...ground, open, plan, effects: () => linesOf(join(ground.folder, 'effects')) };
}

describe.skipIf(missing !== undefined)(`on a terminal${missing === undefined ? '' : `: ${missing}`}`, () => {
  test(`a live list of the steps, drawn in place ${covers('run')}`, async () => {
    const { open, plan, folder, effects } = makeTerminal();
    const session = open('contextcore-install', ['run', plan]);
    await session.seen(/quick[\s\S]*slow[\s\S]*last/);
    await waitFor(() => effects().includes('quick'));
    await session.seen(/✓ +quick/);
    writeFile(folder, 'go', '');
    expect(await session.ended()).toBe(0);
    const screen = session.screen();
    expect(screen).toMatch(/✓ +quick[\s\S]*✓ +slow[\s\S]*✓ +last[\s\S]*done: 3 steps/);
    // Drawn over, not below.
    expect(screen.match(/✓ +quick/g)).toHaveLength(1);
    expect(Math.max(...screen.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
  });

  test(`Ctrl-C ends the run, and the terminal is as before ${covers('exit 130')}`, async () => {
    const { open, plan, effects, folder, home } = makeTerminal();
    const session = open('contextcore-install', ['run', plan]);
    await waitFor(() => effects().includes('slow begins'));
    session.type('C-c');
    expect(await session.ended()).toBe(130);
    expect(session.screen()).toContain('contextcore-install resume');
    expect(pidsWith(join(folder, 'plan.yaml'))).toEqual([]);
    expect(readStateFile(home, 'demo').steps.slow?.status).toBe('in_progress');
  });

  test(`a question: n is exit 6 and changes nothing, Ctrl-C is 130, y goes on ${covers('exit 6', 'rollback', 'exit 130')}`, async () => {
    const { open, plan, folder, effects, install } = makeTerminal();
    writeFile(folder, 'go', '');
    expect((await install(['run', plan])).exitCode).toBe(0);
    for (const [key, exitCode] of [
      ['n', 6],
      ['C-c', 130],
      ['y', 0],
    ] as const) {
      const session = open('contextcore-install', ['rollback', plan]);
      await session.seen('Roll back "demo", newest step first? [y/N]');
      session.type(...(key === 'C-c' ? [key] : [key, 'Enter']));
      expect(await session.ended(), session.screen()).toBe(exitCode);
      expect(effects().includes('un-quick')).toBe(key === 'y');
      session.close();
    }
  });
});
