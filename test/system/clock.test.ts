import { describe, expect, it } from 'vitest';
import { systemClock } from '../../src/system/clock.ts';

describe('the clock', () => {
  it('sleeps, and wakes with the reason of an abort', async () => {
    const from = performance.now();
    await systemClock.sleep(30);
    expect(performance.now() - from).toBeGreaterThanOrEqual(29);
    const controller = new AbortController();
    const sleeping = systemClock.sleep(60_000, controller.signal);
    controller.abort(new Error('why'));
    await expect(sleeping).rejects.toThrow('why');
    await expect(systemClock.sleep(60_000, controller.signal)).rejects.toThrow('why');
  });

  it('calls back once, unless that was cancelled', async () => {
    const calls: string[] = [];
    systemClock.after(5, () => calls.push('called'));
    systemClock.after(5, () => calls.push('cancelled'))();
    await systemClock.sleep(30);
    expect(calls).toEqual(['called']);
  });

  it('takes a time longer than a timer can be', async () => {
    const controller = new AbortController();
    const sleeping = systemClock.sleep(2 ** 40, controller.signal);
    let called = false;
    const cancel = systemClock.after(Number.POSITIVE_INFINITY, () => {
      called = true;
    });
    await systemClock.sleep(20);
    expect(called).toBe(false);
    cancel();
    controller.abort(new Error('still asleep'));
    await expect(sleeping).rejects.toThrow('still asleep');
  });
});
