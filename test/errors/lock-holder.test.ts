import { expect, it } from 'vitest';
import { holderOf } from '../../src/errors/lock-holder.ts';
import { readCaptured } from '../support/evidence/captured.ts';

const captured = readCaptured();

it.each([
  ['apt-lock-held', { pid: 14, program: 'perl', lock: '/var/lib/dpkg/lock-frontend' }],
  ['apt-lock-waited', { pid: 14, program: 'perl', lock: '/var/lib/dpkg/lock-frontend' }],
  ['apt-lists-lock-held', { pid: 8, program: 'perl', lock: '/var/lib/apt/lists/lock' }],
  ['dpkg-lock-held', { pid: 8, lock: 'dpkg frontend lock' }],
  ['dpkg-database-lock-held', { pid: 8, lock: 'dpkg database lock' }],
  ['git-lock-held', { lock: '/home/me/here/.git/index.lock' }],
  ['git-ref-lock-held', { lock: '/home/me/here/.git/HEAD.lock' }],
  ['cp-busy', undefined],
  ['apt-no-right', undefined],
])('%s: the output says who holds the lock', (name, expected) => {
  const output = captured.get(name)?.output;
  expect(output).toBeDefined();
  expect(holderOf(output ?? '')).toEqual(expected);
});
