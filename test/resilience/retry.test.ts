import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ERROR_CLASSES, type ErrorClass, TRANSIENT_CLASSES } from '../../src/errors/error-class.ts';
import { InstallerError, toInstallerError } from '../../src/errors/installer-error.ts';
import { changePolicy, PROFILES, type RetryPolicy } from '../../src/resilience/policy.ts';
import { type Failure, retry } from '../../src/resilience/retry.ts';
import { runSimulated } from '../support/simulation/run-simulated.ts';

const SEED = Number(process.env.RETRY_SEED ?? Date.now() % 1_000_000_000);
const classify = (error: unknown): ErrorClass => toInstallerError(error).class;
const failing = (errorClass: ErrorClass, more = {}) =>
  new InstallerError('step_failed', 'no', { class: errorClass, ...more });

/** What an attempt does: how long it takes, and what comes of it. */
const deed = fc.record({
  takesMs: fc.integer({ min: 0, max: 200_000 }),
  class: fc.option(fc.constantFrom(...ERROR_CLASSES), { nil: undefined, freq: 6 }),
  retryAfterMs: fc.option(fc.integer({ min: 0, max: 400_000 }), { nil: undefined }),
  mendMs: fc.integer({ min: 0, max: 20_000 }),
});
const policyArbitrary: fc.Arbitrary<RetryPolicy> = fc.record({
  timeoutMs: fc.integer({ min: 1, max: 150_000 }),
  attempts: fc.integer({ min: 1, max: 12 }),
  delayMs: fc.integer({ min: 0, max: 30_000 }),
  maxDelayMs: fc.integer({ min: 0, max: 120_000 }),
  retryOn: fc.subarray([...TRANSIENT_CLASSES, 'broken_state', 'unknown'] as ErrorClass[]),
  budgetMs: fc.integer({ min: 1, max: 600_000 }),
  adapt: fc.constantFrom({}, PROFILES.install.adapt, PROFILES.registry.adapt),
});

interface History {
  policy: RetryPolicy;
  startedAt: number;
  endedAt: number;
  failures: Failure[];
  began: number[];
}

type Deed = typeof deed extends fc.Arbitrary<infer T> ? T : never;

const play = (policy: RetryPolicy, deeds: readonly Deed[], random: number) =>
  runSimulated(async (clock) => {
    const history: History = { policy, startedAt: clock.now(), endedAt: 0, failures: [], began: [] };
    await retry(
      async ({ number, signal }) => {
        history.began.push(clock.now());
        const what = deeds[(number - 1) % deeds.length];
        if (what === undefined) return;
        await clock.sleep(what.takesMs, signal);
        if (what.class === undefined) return;
        throw failing(what.class, what.retryAfterMs === undefined ? {} : { retryAfterMs: what.retryAfterMs });
      },
      {
        policy,
        clock,
        random: () => random,
        classify,
        graceMs: 0,
        onFailure: (failure) => history.failures.push(failure),
        between: async ({ attempt }, signal) => clock.sleep(deeds[(attempt - 1) % deeds.length]?.mendMs ?? 0, signal),
      },
    ).catch(() => undefined);
    history.endedAt = clock.now();
    return history;
  });

describe(`seeded faults (RETRY_SEED=${SEED})`, () => {
  const arbitraries = [
    policyArbitrary,
    fc.array(deed, { minLength: 1, maxLength: 6 }),
    fc.double({ min: 0, max: 0.999, noNaN: true }),
  ] as const;
  const always = (check: (history: History) => void) =>
    fc.assert(
      fc.asyncProperty(...arbitraries, async (policy, deeds, random) => {
        check(await play(policy, deeds, random));
      }),
      { seed: SEED, numRuns: 500 },
    );

  test('the time of everything never exceeds the budget', () =>
    always(({ startedAt, endedAt, policy }) => expect(endedAt - startedAt).toBeLessThanOrEqual(policy.budgetMs ?? 0)));

  test('no more attempts than the policy allows, for the kind of trouble there is', () =>
    always(({ began, failures, policy }) => {
      const most = Math.max(
        policy.attempts,
        ...failures.map((failure) => policy.adapt?.[failure.class]?.attempts ?? 0),
      );
      expect(began.length).toBeLessThanOrEqual(most);
      for (const { attempt, class: errorClass, retryInMs } of failures) {
        if (retryInMs !== undefined)
          expect(attempt).toBeLessThan(policy.adapt?.[errorClass]?.attempts ?? policy.attempts);
      }
    }));

  test('what is for good is never tried again', () =>
    always(({ failures, policy }) => {
      for (const { class: errorClass, retryInMs } of failures) {
        if (!policy.retryOn.includes(errorClass)) expect(retryInMs).toBeUndefined();
      }
    }));

  test('a delay is within the bounds of its jitter, but for a server that asks for more', () =>
    always(({ failures, policy }) => {
      for (const { attempt, class: errorClass, error, retryInMs } of failures) {
        if (retryInMs === undefined) continue;
        const { delayMs, maxDelayMs } = { ...policy, ...policy.adapt?.[errorClass] };
        const wished = toInstallerError(error).details.retryAfterMs ?? 0;
        expect(retryInMs).toBeGreaterThanOrEqual(wished);
        expect(retryInMs).toBeLessThanOrEqual(Math.max(wished, Math.min(maxDelayMs, delayMs * 2 ** (attempt - 1))));
      }
    }));

  test('an attempt begins no earlier than its delay says', () =>
    always(({ began, failures }) => {
      for (const [index, { retryInMs = 0 }] of failures.entries()) {
        const before = began[index];
        const after = began[index + 1];
        if (before !== undefined && after !== undefined) expect(after - before).toBeGreaterThanOrEqual(retryInMs);
      }
    }));
});

describe('policies', () => {
  test.each([
    ['install', { attempts: 3, delayMs: 5_000, maxDelayMs: 60_000 }],
    ['deploy', { attempts: 4, timeoutMs: 180_000 }],
    ['ssh', { attempts: 5, timeoutMs: 30_000 }],
  ] as const)('%s', (name, expected) => expect(PROFILES[name]).toMatchObject(expected));

  test('timeouts deserve 5 attempts, 10 s to 120 s', () =>
    expect(PROFILES.install.adapt.network_timeout).toEqual({ attempts: 5, delayMs: 10_000, maxDelayMs: 120_000 }));

  test('who names a number of attempts means it for every kind of trouble', () => {
    const policy = changePolicy(PROFILES.install, { attempts: 2 });
    expect(policy.adapt?.network_timeout).toEqual({ delayMs: 10_000, maxDelayMs: 120_000 });
    expect(policy.adapt?.lock_held?.attempts).toBeUndefined();
  });

  test('a wish to be left alone for longer than five minutes ends it', async () => {
    const wish = failing('rate_limited', { retryAfterMs: 301_000 });
    let attempts = 0;
    const work = async () => {
      attempts += 1;
      throw wish;
    };
    const tried = runSimulated((clock) => retry(work, { policy: PROFILES.install, clock, random: () => 0, classify }));
    await expect(tried).rejects.toBe(wish);
    expect(attempts).toBe(1);
  });
});
