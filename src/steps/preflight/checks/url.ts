import { InstallerError } from '../../../errors/installer-error.ts';
import { sendOnce } from '../../http/send-once.ts';
import type { Check, CheckEnv, Finding } from '../check.ts';

/** Whether the server of an address answers, through the environment's proxies. Whatever it says below 500 will do. */
export function urlCheck(url: string): Check {
  return { id: `url-${url}`, title: url, run: (env) => checkUrl(url, env) };
}

async function checkUrl(url: string, { env, signal }: CheckEnv): Promise<Finding> {
  try {
    const { status } = await sendOnce({ method: 'GET', url, headers: {}, env, signal });
    if (status < 500) return { level: 'ok', message: `answers with ${status}` };
    return { level: 'error', message: `answers with ${status}`, hint: 'wait until it is well again' };
  } catch (thrown) {
    if (!(thrown instanceof InstallerError)) throw thrown;
    return {
      level: 'error',
      message: thrown.message,
      hint: 'check the name, the network and the firewall; behind a proxy, set HTTPS_PROXY',
    };
  }
}
