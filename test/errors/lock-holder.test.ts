import { expect, it } from 'vitest';
import { holderOf } from '../../src/errors/lock-holder.ts';
import { readCaptured } from '../support/evidence/captured.ts';

const captured = readCaptured();
/** Another one whenever the output is captured anew. */
const A_PID: unknown = expect.any(Number);

it.each([
  ['apt-lock-held', { pid: A_PID, program: 'perl', lock: '/var/lib/dpkg/lock-frontend' }],
  ['apt-lock-waited', { pid: A_PID, program: 'perl', lock: '/var/lib/dpkg/lock-frontend' }],
  ['apt-lists-lock-held', { pid: A_PID, program: 'perl', lock: '/var/lib/apt/lists/lock' }],
  ['dpkg-lock-held', { pid: A_PID, lock: 'dpkg frontend lock' }],
  ['dpkg-database-lock-held', { pid: A_PID, lock: 'dpkg database lock' }],
  ['git-lock-held', { lock: '/home/me/here/.git/index.lock' }],
  ['git-ref-lock-held', { lock: '/home/me/here/.git/HEAD.lock' }],
  ['cp-busy', undefined],
  ['apt-no-right', undefined],
])('%s: the output says who holds the lock', (name, expected) => {
  const output = captured.get(name)?.output;
  expect(output).toBeDefined();
  expect(holderOf(output ?? '')).toEqual(expected);
});

it('the holder of dpkg has the number that dpkg says', () => {
  expect(holderOf('dpkg: error: dpkg frontend lock was locked by another process with pid 4711')?.pid).toBe(4711);
});
