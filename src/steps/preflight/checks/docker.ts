import { userInfo } from 'node:os';
import type { Check, CheckEnv, Finding } from '../check.ts';
import { accessHint, describeDockerHost, startHint } from '../docker-hint.ts';
import { askDocker } from '../docker-info.ts';

const INSTALL = 'install it (https://docs.docker.com/engine/install/), or go without: --provider host';

/** Whether a Docker engine answers; if not, the command that starts it. */
export function dockerCheck(): Check {
  return { id: 'docker', title: 'Docker engine', run: checkDocker };
}

async function checkDocker(env: CheckEnv): Promise<Finding> {
  const answer = await askDocker(env);
  if (answer.reached) {
    const { ServerVersion, OperatingSystem } = answer.info;
    return { level: 'ok', message: `${ServerVersion} answers (${OperatingSystem || 'unknown system'})` };
  }
  const { why, reason } = answer;
  switch (why) {
    case 'not_installed':
      return { level: 'error', message: reason, hint: INSTALL };
    case 'not_docker':
      return { level: 'error', message: reason, hint: INSTALL };
    case 'not_allowed':
      return { level: 'error', message: `not allowed to use it: ${reason}`, hint: accessHint(userInfo().username) };
    case 'no_answer':
      return { level: 'error', message: `cannot be reached: ${reason}`, hint: startHint(describeDockerHost(env.env)) };
  }
}
