import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { InstallerError } from '../../src/errors/installer-error.ts';
import { parseDuration } from '../../src/ui/duration.ts';
import { formatAgo, formatDuration, formatElapsed } from '../../src/ui/format-time.ts';

describe('reading a duration', () => {
  test.each([
    ['90s', 90_000],
    ['5m', 300_000],
    ['1h30m', 5_400_000],
    ['1.5h', 5_400_000],
    ['250ms', 250],
    ['1m250ms', 60_250],
    ['2d', 172_800_000],
    [' 3s ', 3000],
  ])('%s', (text, ms) => {
    expect(parseDuration(text, '--timeout')).toBe(ms);
  });

  test.each(['', '5', 'm', '5 m', '-5s', '5s!', '1h30', '1e3s', '0s', '0.0001ms', '9999999h', '５s'])(
    '%j is refused',
    (text) => {
      expect(() => parseDuration(text, '--timeout')).toThrow(
        expect.objectContaining({ code: 'usage', message: expect.stringMatching(/^--timeout /) }),
      );
    },
  );

  test('any text gives a positive number or a usage error', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.stringMatching(/^[0-9.]{0,8}(ms|s|m|h|d)?([0-9]{0,4}(ms|s|m|h|d))?$/)),
        (text) => {
          try {
            const ms = parseDuration(text, '--delay');
            expect(Number.isSafeInteger(ms) && ms > 0).toBe(true);
          } catch (error) {
            expect(error).toBeInstanceOf(InstallerError);
          }
        },
      ),
    );
  });
});

describe('writing a duration', () => {
  test.each([
    [0, '0.0s'],
    [430, '0.4s'],
    [8249, '8.2s'],
    [9949, '9.9s'],
    [9950, '10s'],
    [59_499, '59s'],
    [59_600, '1m00s'],
    [125_000, '2m05s'],
    [3_599_900, '1h00m'],
    [3_900_000, '1h05m'],
    [273_600_000, '3d04h'],
    [-5, '0.0s'],
    [Number.NaN, '0.0s'],
  ])('%i ms is %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });

  test('a running time never jumps ahead of the clock', () => {
    expect(formatElapsed(1999)).toBe('1s');
    expect(formatElapsed(59_999)).toBe('59s');
    expect(formatElapsed(60_000)).toBe('1m00s');
  });

  test.each([
    [-3_600_000, 'just now'],
    [59_000, 'just now'],
    [60_000, '1 min ago'],
    [7_200_000, '2 h ago'],
    [90_000_000, 'yesterday'],
    [864_000_000, '10 days ago'],
    [Number.NaN, 'just now'],
  ])('%i ms before now is %s', (ms, text) => {
    expect(formatAgo(ms)).toBe(text);
  });
});
