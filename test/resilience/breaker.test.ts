import { describe, expect, test } from 'vitest';
import type { InstallerError } from '../../src/errors/installer-error.ts';
import { asBreakerRecord, breakerState } from '../../src/resilience/breaker-record.ts';
import { fail, MIRROR, open, play, REGISTRY } from './guard-ground.ts';

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

  test('that of another process is heeded, however often this one has just found it closed', () =>
    play(async (ground) => {
      const { guard, clock, store } = ground;
      const call = () => guard.call(REGISTRY, async () => 'there', { policy: { attempts: 1 } });
      await call();
      const now = clock.now();
      const open = { since: now, until: now + 300_000, class: 'server_error', message: 'down' };
      await store.update('breaker:registry:docker.io', () => ({ next: { version: 1, calls: [], open }, result: 0 }));
      for (let calls = 0; calls < 20; calls += 1) {
        await clock.sleep(20);
        if (clock.now() - now < 200) await call().catch(() => undefined);
        else await expect(call()).rejects.toThrow('failed too often');
      }
    }));

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
