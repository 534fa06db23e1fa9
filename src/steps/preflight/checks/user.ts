import { userInfo } from 'node:os';
import type { Check, Finding } from '../check.ts';

/** Whether the right user runs this. */
export function userCheck(wanted: 'root' | 'not_root'): Check {
  return { id: 'user', title: 'user', run: async () => checkUser(wanted) };
}

function checkUser(wanted: 'root' | 'not_root'): Finding {
  const { uid, username } = userInfo();
  if ((uid === 0) === (wanted === 'root')) return { level: 'ok', message: username };
  return wanted === 'root'
    ? { level: 'error', message: `is ${username}; root is needed`, hint: 'run the same command with sudo' }
    : { level: 'error', message: 'is root, which this must not be run as', hint: 'run it as an ordinary user' };
}
