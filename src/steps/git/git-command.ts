import type { Command, StepContext } from '../../engine/step.ts';
import { InstallerError } from '../../errors/installer-error.ts';
import type { CommandPlace } from '../command.ts';

/** One git command in a folder; nobody is asked for anything, and what it says is in English. */
export function gitCommand(folder: string, args: readonly string[], { env, secrets }: CommandPlace): Command {
  return {
    file: 'git',
    // A transfer that has come to a halt is ended, and tried again.
    args: ['-C', folder, '-c', 'http.lowSpeedLimit=1000', '-c', 'http.lowSpeedTime=30', ...args],
    env: { GIT_TERMINAL_PROMPT: '0', GIT_SSH_COMMAND: 'ssh -oBatchMode=yes', LC_ALL: 'C', ...env },
    ...(secrets === undefined ? {} : { secrets }),
  };
}

/** Questions about a clone; none of them changes anything. */
export interface Clone {
  /** @returns the first line of the answer; undefined when git says no */
  ask(...args: readonly string[]): Promise<string | undefined>;
  /** All lines of the answer. @throws InstallerError when git says no */
  lines(...args: readonly string[]): Promise<readonly string[]>;
}

export function askClone(ctx: Pick<StepContext, 'query'>, folder: string, place: CommandPlace): Clone {
  const query = (args: readonly string[]) => ctx.query(gitCommand(folder, args, place));
  return {
    async ask(...args) {
      const { exitCode, stdout } = await query(args);
      return exitCode === 0 ? (stdout.split('\n', 1)[0] ?? '').trim() : undefined;
    },
    async lines(...args) {
      const { exitCode, stdout, stderr } = await query(args);
      if (exitCode === 0) return stdout.split('\n').filter(Boolean);
      throw new InstallerError('step_failed', `git ${args[0]} in ${folder}: ${stderr.trim().split('\n')[0]}`);
    },
  };
}
