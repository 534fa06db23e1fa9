import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { backoffMs } from '../../src/resilience/backoff.ts';
import { PROFILES } from '../../src/resilience/policy.ts';

describe('backoff', () => {
  it('stays between nothing and the doubled delay, and below the cap, for any policy', () => {
    const policy = fc.record({ delayMs: fc.nat(60_000), maxDelayMs: fc.nat(600_000) });
    const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    fc.assert(
      fc.property(policy, fc.integer({ min: 1, max: 5000 }), random, (given, failed, drawn) => {
        const ms = backoffMs(given, failed, () => drawn);
        expect(Number.isSafeInteger(ms)).toBe(true);
        expect(ms).toBeGreaterThanOrEqual(0);
        expect(ms).toBeLessThanOrEqual(given.maxDelayMs);
        if (failed < 1000) expect(ms).toBeLessThanOrEqual(given.delayMs * 2 ** (failed - 1));
      }),
    );
  });

  it('doubles, up to the cap, with full jitter', () => {
    const policy = { delayMs: 1000, maxDelayMs: 5000 };
    const highest = [1, 2, 3, 4, 50].map((failed) => backoffMs(policy, failed, () => 1 - Number.EPSILON));
    expect(highest).toEqual([1000, 2000, 4000, 5000, 5000]);
    expect(backoffMs(policy, 3, () => 0)).toBe(0);
    expect(backoffMs(policy, 3, () => 0.5)).toBe(2000);
  });

  it('waits for certain what chance does not decide', () => {
    const policy = { delayMs: 1000, maxDelayMs: 5000, jitter: 0.25 };
    const delays = (drawn: number) => [1, 2, 3, 4].map((failed) => backoffMs(policy, failed, () => drawn));
    expect(delays(0)).toEqual([750, 1500, 3000, 3750]);
    expect(delays(1 - Number.EPSILON)).toEqual([1000, 2000, 4000, 5000]);
    const ill = { ...PROFILES.registry, ...PROFILES.registry.adapt.server_error };
    const shortest = [1, 2, 3, 4].map((failed) => backoffMs(ill, failed, () => 0));
    expect(shortest.reduce((sum, ms) => sum + ms)).toBe(32_000);
  });
});
