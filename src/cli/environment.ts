import { join } from 'node:path';

type Env = Readonly<Record<string, string | undefined>>;

/** @returns absolute path of the folder for states, logs, downloads and data */
export function homeOf(env: Env): string {
  if (env.CONTEXTCORE_HOME) return env.CONTEXTCORE_HOME;
  // Loaded for those who have no HOME only: it is a hundredth of the time of a status.
  return join(env.HOME || process.getBuiltinModule('node:os').homedir(), '.contextcore');
}

/** Whether colours are wanted: the flag, else NO_COLOR and FORCE_COLOR (https://no-color.org), else whether it is a terminal. */
export function wantsColor(flag: boolean | undefined, env: Env, isTerminal: boolean): boolean {
  if (flag !== undefined) return flag;
  if (env.NO_COLOR) return false;
  return env.FORCE_COLOR ? env.FORCE_COLOR !== '0' : isTerminal && env.TERM !== 'dumb';
}
