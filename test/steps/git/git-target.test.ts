import { expect, it } from 'vitest';
import { targetOf } from '../../../src/steps/git/git-step.ts';

it.each([
  ['https://github.com/a/b.git', 'github.com'],
  ['https://token:x@git.example:8443/a', 'git.example:8443'],
  ['ssh://git@host:2222/a/b', 'host:2222'],
  ['git@github.com:a/b.git', 'github.com'],
  ['host:a/b', 'host'],
  ['file:///srv/a', 'localhost'],
  ['/srv/a', 'localhost'],
  ['./a', 'localhost'],
])('the service behind %s is %s', (repo, name) => {
  expect(targetOf(repo)).toEqual({ kind: 'git', name });
});
