import { describe, expect, test } from 'vitest';
import type { ErrorClass } from '../../src/errors/error-class.ts';
import { InstallerError, toInstallerError } from '../../src/errors/installer-error.ts';
import { asBreakerRecord, breakerState } from '../../src/resilience/breaker-record.ts';
import type { ResilienceEvent } from '../../src/resilience/events.ts';
import { createGuard, type Guard } from '../../src/resilience/guard.ts';
import { createMemoryStore, type SharedStore } from '../../src/resilience/shared-store.ts';
import { createStatistics } from '../../src/resilience/statistics.ts';
import type { Clock } from '../../src/resilience/time.ts';
import { runSimulated } from '../support/simulation/run-simulated.ts';

const REGISTRY = { kind: 'registry', name: 'docker.io' } as const;
const MIRROR = { kind: 'registry', name: 'mirror.test' } as const;
const error = (errorClass: ErrorClass, message = errorClass) =>
  new InstallerError('step_failed', message, { class: errorClass });
const fail = (errorClass: ErrorClass) => () => Promise.reject(error(errorClass));

interface Ground {
  guard: Guard;
  clock: Clock;
  store: SharedStore;
  events: ResilienceEvent[];
  types(): string[];
}

function play<T>(work: (ground: Ground) => Promise<T>): Promise<T> {
  return runSimulated((clock) => {
    const events: ResilienceEvent[] = [];
    const store = createMemoryStore();
    const guard = createGuard({
      clock,
      store,
      random: () => 0.5,
      classify: (thrown) => toInstallerError(thrown).class,
      mask: (text) => text.replaceAll('hunter2', '***'),
      hear: (event) => void events.push(event),
    });
    return work({ guard, clock, store, events, types: () => events.map(({ type }) => type) });
  });
}

/** Fails so often that the breaker opens. */
async function open({ guard }: Ground): Promise<void> {
  for (let call = 0; call < 5; call += 1) {
    await guard.call(REGISTRY, fail('server_error'), { policy: { attempts: 1 } }).catch(() => undefined);
  }
}

describe('a call', () => {
  test('what fails for good is asked once, and the engine is told not to try again', () =>
    play(async ({ guard, events }) => {
      const thrown = await guard.call(REGISTRY, fail('not_found')).catch((reason: InstallerError) => reason);
      expect(thrown).toMatchObject({ details: { class: 'not_found', exhausted: true } });
      expect(events).toMatchObject([{ type: 'target_tried', attempt: 1, class: 'not_found' }]);
    }));

  test('what passes is asked again, and counted', () =>
    play(async ({ guard, events }) => {
      const statistics = createStatistics();
      const answer = await guard.call(REGISTRY, async ({ number }) => {
        if (number < 3) throw error('network_reset');
        return 'there';
      });
      expect(answer).toBe('there');
      for (const event of events) statistics.hear(event);
      const seen = statistics.byTarget()['registry:docker.io'];
      expect(seen).toMatchObject({
        calls: 1,
        first: 0,
        attempts: 3,
        retries: 2,
        errors: { network_reset: 2 },
        recovered: 1,
      });
      expect(seen?.recovery_ms).toBe(250 + 500);
    }));

  test('requests are told without query and secrets', () =>
    play(async ({ guard, events }) => {
      await guard.call(REGISTRY, async ({ tell }) =>
        tell({ method: 'GET', url: 'https://user:pass@docker.io/v2/hunter2?token=abc', status: 200 }),
      );
      expect(events).toMatchObject([{ requests: [{ url: 'https://docker.io/v2/***', status: 200 }] }]);
      expect(JSON.stringify(events)).not.toMatch(/pass|token|hunter2/);
    }));

  test('what the engine gave up on below is not tried again above', () =>
    play(async ({ guard }) => {
      let calls = 0;
      const inner = () => {
        calls += 1;
        return guard.call(MIRROR, fail('network_reset'), { policy: { attempts: 2 } });
      };
      await expect(guard.call(REGISTRY, inner)).rejects.toThrow();
      expect(calls).toBe(1);
    }));
});

describe('a breaker', () => {
  test('opens at half of at least five calls in a minute, and stops the next call at once', () =>
    play(async (ground) => {
      await open(ground);
      const { guard, clock, types, store } = ground;
      const began = clock.now();
      const thrown = await guard.call(REGISTRY, async () => 'there').catch((reason: InstallerError) => reason);
      expect(thrown).toMatchObject({ details: { class: 'server_error', exhausted: true } });
      expect((thrown as InstallerError).details.hint).toContain('breaker reset registry:docker.io');
      expect(clock.now()).toBe(began);
      expect(types().slice(-2)).toEqual(['breaker_changed', 'target_rejected']);
      const record = asBreakerRecord(store.read('breaker:registry:docker.io'));
      expect((record.open?.until ?? 0) - (record.open?.since ?? 0)).toBe(300_000);
    }));

  test('four failures, or five that a healthy target answered, do not open it', () =>
    play(async ({ guard, types }) => {
      for (const errorClass of ['server_error', 'server_error', 'server_error', 'server_error'] as const) {
        await guard.call(REGISTRY, fail(errorClass), { policy: { attempts: 1 } }).catch(() => undefined);
      }
      for (let call = 0; call < 8; call += 1) await guard.call(MIRROR, fail('not_found')).catch(() => undefined);
      expect(types()).not.toContain('breaker_changed');
    }));

  test('successes count, too: five failures among eleven calls leave it closed', () =>
    play(async (ground) => {
      for (let call = 0; call < 6; call += 1) await ground.guard.call(REGISTRY, async () => undefined);
      await open(ground);
      expect(ground.types()).not.toContain('breaker_changed');
    }));

  test('failures of more than a minute ago do not count', () =>
    play(async (ground) => {
      const { guard, clock, types } = ground;
      for (let call = 0; call < 6; call += 1) {
        await guard.call(REGISTRY, fail('server_error'), { policy: { attempts: 1 } }).catch(() => undefined);
        await clock.sleep(20_000);
      }
      expect(types()).not.toContain('breaker_changed');
    }));

  test('after its time one call probes: a success closes it', () =>
    play(async (ground) => {
      await open(ground);
      await ground.clock.sleep(300_000);
      expect(await ground.guard.call(REGISTRY, async () => 'there')).toBe('there');
      expect(ground.events.filter(({ type }) => type === 'breaker_changed').slice(-2)).toMatchObject([
        { state: 'half_open' },
        { state: 'closed' },
      ]);
      expect(ground.store.read('breaker:registry:docker.io')).toBeUndefined();
    }));

  test('a probe that fails opens it for another while', () =>
    play(async (ground) => {
      await open(ground);
      await ground.clock.sleep(300_000);
      await ground.guard.call(REGISTRY, fail('dns'), { policy: { attempts: 1 } }).catch(() => undefined);
      const record = asBreakerRecord(ground.store.read('breaker:registry:docker.io'));
      expect(breakerState(record, ground.clock.now())).toBe('open');
      expect(record.open?.class).toBe('dns');
    }));

  test('a clock that was set back does not keep it open', () =>
    play(async (ground) => {
      await open(ground);
      const record = asBreakerRecord(ground.store.read('breaker:registry:docker.io'));
      expect(breakerState(record, (record.open?.since ?? 0) - 3_600_000)).toBe('half_open');
    }));

  test.each([undefined, 'x', 7, { version: 2 }, { version: 1, calls: 'x' }, { version: 1, calls: [], open: {} }])(
    'a record that is none is as good as no record: %j',
    (found) => expect(asBreakerRecord(found)).toEqual({ version: 1, calls: [] }),
  );

  test('downloads are asked again after a minute, for which a call waits', () =>
    play(async ({ guard, clock }) => {
      const target = { kind: 'download', name: 'files.test' } as const;
      for (let call = 0; call < 5; call += 1) {
        await guard.call(target, fail('server_error'), { policy: { attempts: 1 } }).catch(() => undefined);
      }
      const began = clock.now();
      expect(await guard.call(target, async () => 'there', { policy: { maxDelayMs: 60_000 } })).toBe('there');
      expect(clock.now() - began).toBe(60_000);
    }));
});

describe('sources', () => {
  const sources = [{ target: REGISTRY }, { target: MIRROR }];
  const from = (broken: readonly string[]) => async (source: { target: { name: string } }) => {
    if (broken.includes(source.target.name)) throw error('server_error');
    return source.target.name;
  };
  const verified = { verified: true };

  test('the next is taken when one fails, and told', () =>
    play(async ({ guard, events }) => {
      expect(await guard.callAny('thing', sources, from(['docker.io']), verified)).toBe('mirror.test');
      expect(events.at(-1)).toMatchObject({
        type: 'fallback_taken',
        target: REGISTRY,
        to: 'registry:mirror.test',
        verified: true,
      });
    }));

  test('what failed is tried last, and has its old place again later', () =>
    play(async ({ guard, clock, events }) => {
      await guard.callAny('thing', sources, from(['docker.io']), verified);
      const asked = events.length;
      expect(await guard.callAny('thing', sources, from([]), verified)).toBe('mirror.test');
      expect(events[asked]).toMatchObject({ type: 'target_tried', target: MIRROR });
      await clock.sleep(300_001);
      expect(await guard.callAny('thing', sources, from([]), verified)).toBe('docker.io');
    }));

  test('another source does not make the disk larger', () =>
    play(async ({ guard, events }) => {
      const tried = guard.callAny('thing', sources, fail('disk_full'), verified);
      await expect(tried).rejects.toMatchObject({ details: { class: 'disk_full' } });
      expect(events).toHaveLength(1);
    }));

  test('when none has it, each is named', () =>
    play(async ({ guard }) => {
      const thrown = await guard
        .callAny('thing', sources, fail('not_found'), verified)
        .catch((reason: InstallerError) => reason);
      expect((thrown as InstallerError).details.lines).toEqual([
        'registry:docker.io: not_found',
        'registry:mirror.test: not_found',
      ]);
    }));

  test('one budget for all of them', () =>
    play(async ({ guard, clock }) => {
      const began = clock.now();
      const slow = async (_: unknown, { signal }: { signal: AbortSignal }) => clock.sleep(50_000, signal);
      await guard.callAny('thing', sources, slow, { ...verified, policy: { budgetMs: 60_000 } }).catch(() => undefined);
      expect(clock.now() - began).toBeLessThanOrEqual(60_000);
    }));
});
