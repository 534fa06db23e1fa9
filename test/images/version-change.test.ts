import { expect, it } from 'vitest';
import { isWithin, nameChange } from '../../src/images/fix/version-change.ts';
import { parseReference } from '../../src/images/reference.ts';

it.each([
  ['a:1.17.0', 'a:1.17.0', 'same'],
  ['a:v2.9.4', 'a:2.9.4', 'same'],
  ['a:1.17.0', 'a:1.17.0-rolling-daily', 'patch'],
  ['a:16.4-alpine', 'a:16.4', 'patch'],
  ['a:1.17.0', 'a:1.17.3', 'patch'],
  ['a:1.20.1', 'a:1.20', 'patch'],
  ['a:1.17.0', 'a:1.18.0', 'minor'],
  ['a:16', 'a:16.4', 'minor'],
  ['a:10.4.6', 'a:10', 'minor'],
  ['a:2.1.3', 'a:2.0.13', 'minor'],
  ['a:1.17.0', 'a:2.17.0', 'major'],
  ['a:1.17.0', 'a:latest', 'major'],
  ['a:stable', 'a:latest', 'major'],
  ['a:2024-01-01', 'a:2025-01-01', 'major'],
  ['a:0123abcd', 'a:latest', 'major'],
  [`a:1@sha256:${'0'.repeat(64)}`, `a:2@sha256:${'0'.repeat(64)}`, 'same'],
])('from %s to %s is %s', (from, to, change) => {
  expect(nameChange(parseReference(from), parseReference(to), true)).toBe(change);
});

it('from one product to another is called that, whatever their tags', () => {
  expect(nameChange(parseReference('a:1'), parseReference('b:1'), false)).toBe('other');
});

it('smaller changes are within larger ones', () => {
  expect(isWithin('same', 'patch')).toBe(true);
  expect(isWithin('patch', 'patch')).toBe(true);
  expect(isWithin('minor', 'patch')).toBe(false);
  expect(isWithin('other', 'major')).toBe(false);
});
