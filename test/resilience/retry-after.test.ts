import { expect, it } from 'vitest';
import { readRetryAfter } from '../../src/resilience/retry-after.ts';

const NOW = Date.UTC(2026, 2, 1, 12, 0, 0);

it.each([
  ['0', 0],
  ['7', 7000],
  [' 120 ', 120_000],
  ['9'.repeat(400), Number.MAX_SAFE_INTEGER],
  ['Sun, 01 Mar 2026 12:00:30 GMT', 30_000],
  ['Sunday, 01-Mar-26 12:00:30 GMT', 30_000],
  ['Sun Mar  1 12:00:30 2026', 30_000],
  ['Sun, 01 Mar 2026 11:59:59 GMT', 0],
])('Retry-After in seconds or as a date: %s', (header, expected) => {
  expect(readRetryAfter(header, NOW)).toBe(expected);
});

it.each(['', 'soon', '-5', '1.5', '1e3', '0x10', '2026-03-01T12:00:30Z', 'Sun, 99 Mar 2026 12:00:30 GMT', '5, 7'])(
  'a Retry-After that says neither is none: %s',
  (header) => {
    expect(readRetryAfter(header, NOW)).toBeUndefined();
  },
);

it('may be absent, or come more than once', () => {
  expect(readRetryAfter(undefined, NOW)).toBeUndefined();
  expect(readRetryAfter(null, NOW)).toBeUndefined();
  expect(readRetryAfter([], NOW)).toBeUndefined();
  expect(readRetryAfter(['3', '9'], NOW)).toBe(3000);
});
