import { describe, expect, test } from 'vitest';
import type { InstallerError } from '../../src/errors/installer-error.ts';
import { createStatistics } from '../../src/resilience/statistics.ts';
import { error, fail, MIRROR, play, REGISTRY } from './guard-ground.ts';

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
