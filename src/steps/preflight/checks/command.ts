import { probe, whichProgram } from '../../tools/find-program.ts';
import { isAtLeast } from '../../tools/version.ts';
import type { Check, CheckEnv, Finding } from '../check.ts';

/** How programs are asked for their version, most usual first. */
const VERSION_ARGS = ['--version', 'version', '-V', '-version'] as const;

/**
 * Whether a program is on the PATH, and new enough.
 *
 * @param minVersion such as `20` or `1.2.3`; without it the program is not even started
 */
export function commandCheck(name: string, minVersion?: string): Check {
  return { id: `command-${name}`, title: name, run: (env) => checkCommand(name, minVersion, env) };
}

async function checkCommand(name: string, minVersion: string | undefined, env: CheckEnv): Promise<Finding> {
  const path = await whichProgram(name, env.env);
  const needed = minVersion === undefined ? 'it is needed' : `${minVersion} or newer is needed`;
  if (path === undefined) return { level: 'error', message: `not found; ${needed}`, hint: `install ${name}` };
  if (minVersion === undefined) return { level: 'ok', message: path };
  let why = 'does not tell its version';
  for (const argument of VERSION_ARGS) {
    const answer = await probe({ versionArgs: [argument] }, path, env.query);
    if ('why' in answer) {
      why = answer.why;
      continue;
    }
    if (isAtLeast(answer.version, minVersion)) return { level: 'ok', message: `${answer.version} (${path})` };
    return { level: 'error', message: `${answer.version} (${path}); ${needed}`, hint: `install a newer ${name}` };
  }
  return { level: 'error', message: `${path} ${why}; ${needed}`, hint: `see what ${name} --version says` };
}
