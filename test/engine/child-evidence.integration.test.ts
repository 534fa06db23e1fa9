import { describe, expect, it } from 'vitest';
import { toInstallerError } from '../../src/errors/installer-error.ts';
import { makeStepContext } from '../support/step-context.ts';

describe('several commands in one attempt of a step', () => {
  it('are each judged by their own output', async () => {
    const ctx = await makeStepContext();
    const fail = (text: string) => ctx.exec({ file: 'sh', args: ['-c', 'echo "$1"; exit 1', 'sh', text] });
    const first = await fail('connect: connection refused').catch((thrown) => toInstallerError(thrown));
    const second = await fail('something else').catch((thrown) => toInstallerError(thrown));
    const errors = [first, second];
    expect(errors.map((error) => error?.details.tail)).toEqual([['connect: connection refused'], ['something else']]);
    expect(errors.map((error) => error?.details.class)).toEqual(['network_reset', 'unknown']);
  });

  it('end with a signal of their own, whose reason is the error', async () => {
    const ctx = await makeStepContext();
    const own = new AbortController();
    const running = ctx.exec({ file: 'sleep', args: ['60'], signal: own.signal });
    const reason = new Error('its time is up');
    own.abort(reason);
    await expect(running).rejects.toBe(reason);
    await expect(ctx.exec({ file: 'true' })).resolves.toBeUndefined();
  });
});
