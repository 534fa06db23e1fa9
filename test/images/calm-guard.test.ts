import { expect, it } from 'vitest';
import { InstallerError } from '../../src/errors/installer-error.ts';
import { calmGuard } from '../../src/images/calm-guard.ts';
import type { Guard } from '../../src/resilience/guard.ts';

const TARGET = { kind: 'registry', name: 'reg.example' } as const;
const failure = (errorClass: 'server_error' | 'not_found') =>
  new InstallerError('step_failed', 'no', { class: errorClass });

/** Tries twice, and counts what a breaker would hear. */
function countingGuard() {
  const heard = { failures: 0 };
  const guard: Pick<Guard, 'call'> = {
    async call(_target, work) {
      for (let number = 1; ; number += 1) {
        try {
          const signal = new AbortController().signal;
          return await work({ number, signal, isAbandoned: () => false, tell: () => undefined });
        } catch (thrown) {
          heard.failures += 1;
          if (number === 2) throw thrown;
        }
      }
    },
  };
  return { guard, heard };
}

it('a moment of trouble is one failure for all, and all succeed', async () => {
  const { guard, heard } = countingGuard();
  const calm = calmGuard(guard);
  let asked = 0;
  const work = async () => {
    asked += 1;
    await Promise.resolve();
    if (asked <= 20) throw failure('server_error');
    return 'there';
  };
  const results = await Promise.all(Array.from({ length: 20 }, () => calm.call(TARGET, work)));
  expect(new Set(results)).toEqual(new Set(['there']));
  expect(heard.failures).toBe(1);
});

it('trouble that stays fails all of them', async () => {
  const calm = calmGuard(countingGuard().guard);
  const work = () => Promise.reject(failure('server_error'));
  const results = await Promise.allSettled(Array.from({ length: 20 }, () => calm.call(TARGET, work)));
  expect(results.every(({ status }) => status === 'rejected')).toBe(true);
});

it('what is permanent concerns its own call alone, and another target waits for nobody', async () => {
  const { guard, heard } = countingGuard();
  const calm = calmGuard(guard);
  await expect(calm.call(TARGET, () => Promise.reject(failure('not_found')))).rejects.toThrow('no');
  expect(heard.failures).toBe(2);
  let release: (() => void) | undefined;
  let tries = 0;
  const slow = calm.call(TARGET, async () => {
    tries += 1;
    if (tries === 1) throw failure('server_error');
    await new Promise<void>((resolve) => {
      release = resolve;
    });
  });
  await expect(calm.call({ kind: 'registry', name: 'other.example' }, async () => 'there')).resolves.toBe('there');
  release?.();
  await slow;
});
