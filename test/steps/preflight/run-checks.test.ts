import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Check, Finding } from '../../../src/steps/preflight/check.ts';
import { runChecks } from '../../../src/steps/preflight/run-checks.ts';
import { endSooner, levels, makeContext } from './support.ts';

type Kind = 'ok' | 'warning' | 'error' | 'throws' | 'throws late' | 'hangs' | 'hangs deaf' | 'says nothing';

const TIMEOUT_MS = 60;

function checkOf(kind: Kind, id: string): Check {
  const run = async (env: { signal: AbortSignal }): Promise<Finding | undefined> => {
    switch (kind) {
      case 'throws':
        throw new Error('broken check');
      case 'throws late':
        await new Promise((resolve) => setTimeout(resolve, 5));
        throw 'not even an error';
      case 'hangs':
        return new Promise((_resolve, reject) => env.signal.addEventListener('abort', () => reject(env.signal.reason)));
      case 'hangs deaf':
        return new Promise(() => undefined);
      case 'says nothing':
        return undefined;
      default:
        return { level: kind, message: 'as told' };
    }
  };
  return { id, title: id, timeoutMs: TIMEOUT_MS, run };
}

describe('running checks', () => {
  it('reports every one in its place, whatever the others do', async () => {
    const kinds = fc.constantFrom<Kind>(
      'ok',
      'warning',
      'error',
      'throws',
      'throws late',
      'hangs',
      'hangs deaf',
      'says nothing',
    );
    const ctx = await makeContext();
    const property = fc.asyncProperty(fc.array(kinds, { maxLength: 30 }), async (chosen) => {
      const results = await runChecks(
        chosen.map((kind, index) => checkOf(kind, `c${index}`)),
        ctx,
        {},
      );
      const expected = chosen.flatMap((kind, index) => {
        if (kind === 'says nothing') return [];
        return [`c${index} ${kind === 'ok' || kind === 'warning' ? kind : 'error'}`];
      });
      expect(levels(results)).toEqual(expected);
      expect(results.every(({ finding }) => finding.message !== '')).toBe(true);
    });
    await fc.assert(property, { numRuns: 40 });
  });

  it('runs all at the same time', async () => {
    const ctx = await makeContext();
    const meeting = Promise.withResolvers<Finding>();
    let met = 0;
    const all = Array.from(
      { length: 20 },
      (_, index): Check => ({
        id: `c${index}`,
        title: 'meets the others',
        run: async () => {
          met += 1;
          if (met === 20) meeting.resolve({ level: 'ok', message: 'all are here' });
          return meeting.promise;
        },
      }),
    );
    const results = await runChecks(all, ctx, {});
    expect(results.map(({ finding }) => finding.message)).toEqual(Array(20).fill('all are here'));
  });

  it('says of a hanging check that it did not answer, and of a throwing one why', async () => {
    const [hanging, throwing] = await runChecks(
      [checkOf('hangs deaf', 'a'), checkOf('throws', 'b')],
      await makeContext(),
      {},
    );
    expect(hanging?.finding.message).toBe('no answer within 0.06 s');
    expect(throwing?.finding.message).toBe('could not be checked: broken check');
    expect(hanging?.finding.hint).toBeTruthy();
    expect(throwing?.finding.hint).toBeTruthy();
  });

  it('ends the child of a check that is given up', async () => {
    const check: Check = {
      id: 'child',
      title: 'child',
      timeoutMs: 2_000,
      run: async (env) => {
        await env.query({ file: 'sleep', args: ['30'] });
        return { level: 'ok', message: 'impossible' };
      },
    };
    const [result] = await runChecks([check], await makeContext({ after: endSooner(2_000) }), {});
    expect(result?.finding).toMatchObject({ level: 'error', message: expect.stringContaining('sleep did not end') });
  });

  it('makes an error a warning once the step is done behind which it no longer matters', async () => {
    const check: Check = { ...checkOf('error', 'disk'), until: 'cluster_create' };
    const before = await runChecks([check], await makeContext({ done: ['preflight'] }), {});
    const after = await runChecks([check], await makeContext({ done: ['cluster_create'] }), {});
    expect(levels(before)).toEqual(['disk error']);
    expect(levels(after)).toEqual(['disk warning']);
    expect(after[0]?.finding.message).toContain('cluster_create is done');
  });

  it('asks for a shared answer only once, also when it fails', async () => {
    let asked = 0;
    const shared = async (): Promise<string> => {
      asked += 1;
      throw new Error('no answer');
    };
    const check = (id: string): Check => ({
      id,
      title: id,
      run: async (env) => ({ level: 'ok', message: await env.once('key', shared) }),
    });
    const results = await runChecks([check('a'), check('b'), check('c')], await makeContext(), {});
    expect(asked).toBe(1);
    expect(levels(results)).toEqual(['a error', 'b error', 'c error']);
  });

  it('stops at once when the run is stopped', async () => {
    const controller = new AbortController();
    const running = runChecks([checkOf('hangs deaf', 'a')], await makeContext({ signal: controller.signal }), {});
    controller.abort(new Error('Ctrl-C'));
    await expect(running).rejects.toThrow('Ctrl-C');
  });
});
