import { describe, expect, it } from 'vitest';
import { rollBack } from '../../src/engine/roll-back.ts';
import type { Step } from '../../src/engine/step.ts';
import { InstallerError } from '../../src/errors/installer-error.ts';
import { createMemoryEngine, failure, makeStep } from '../support/memory-engine.ts';

const record = { status: 'completed' as const, fingerprint: 'f', inputs: { port: '3000' }, outputs: { made: true } };

function scene(statuses: Record<string, 'completed' | 'failed' | 'pending' | 'in_progress'>, more: Partial<Step> = {}) {
  const undone: string[] = [];
  const steps = Object.fromEntries(Object.entries(statuses).map(([id, status]) => [id, { ...record, status }]));
  const engine = createMemoryEngine({ steps });
  const rollback = (id: string) => async () => {
    undone.push(id);
  };
  const a = makeStep('a', { rollback: rollback('a') });
  const b = makeStep('b', { needs: [a], rollback: rollback('b'), ...more });
  const c = makeStep('c', { needs: [b], rollback: rollback('c') });
  const back = (options: { all?: boolean; signal?: AbortSignal } = {}) =>
    engine.settle(
      rollBack({ name: 'p', cluster: 'c', steps: [a, b, c] }, engine.ports, {
        runId: 'r',
        signal: new AbortController().signal,
        ...options,
      }),
    );
  return { engine, undone, back };
}

describe('a rollback', () => {
  it('takes back newest first what was started, and forgets it', async () => {
    const { engine, undone, back } = scene({ a: 'completed', b: 'failed', c: 'in_progress' });
    expect(await back()).toBeUndefined();
    expect(undone).toEqual(['c', 'b', 'a']);
    // Nothing of before binds a new installation: neither fingerprint nor inputs that it could not change.
    for (const id of ['a', 'b', 'c']) expect(engine.steps.get(id)).toEqual({ status: 'pending' });
    const told = engine.events.filter((event) => event.type === 'step_recorded');
    expect(told).toMatchObject([{ step: 'c', status: 'pending' }, { step: 'b' }, { step: 'a' }]);
  });

  it('leaves alone what was never started, unless all is known to be ours', async () => {
    const some = scene({ a: 'completed', b: 'pending' });
    await some.back();
    expect(some.undone).toEqual(['a']);
    const none = scene({});
    await none.back({ all: true });
    expect(none.undone).toEqual(['c', 'b', 'a']);
  });

  it('stops at a failure, for what lies below may be in use; and goes on from there', async () => {
    let broken = true;
    const { engine, undone, back } = scene(
      { a: 'completed', b: 'completed', c: 'completed' },
      {
        rollback: async () => {
          if (broken) throw failure('busy');
        },
      },
    );
    expect(await back()).toMatchObject({ message: 'busy', details: { step: 'b' } });
    expect(undone).toEqual(['c']);
    expect([...engine.steps].map(([id, { status }]) => `${id} ${status}`)).toEqual([
      'a completed',
      'b completed',
      'c pending',
    ]);
    broken = false;
    expect(await back()).toBeUndefined();
    expect(undone).toEqual(['c', 'a']);
  });

  it('ends with the reason of an interruption', async () => {
    const controller = new AbortController();
    const { undone, back } = scene(
      { a: 'completed', b: 'completed' },
      { rollback: async () => controller.abort(new InstallerError('interrupted', 'Ctrl-C')) },
    );
    await expect(back({ signal: controller.signal })).rejects.toMatchObject({ code: 'interrupted' });
    expect(undone).toEqual([]);
  });

  it('waits for what a killed run left running, or ends it', async () => {
    const { engine, back } = scene({ a: 'completed' });
    const ended: number[] = [];
    engine.steps.set('a', { ...record, children: [{ pid: 9, start_ticks: 1, program: 'kind' }] });
    Object.assign(engine.ports.processes, {
      isAlive: () => ended.length === 0,
      end: async ({ pid }: { pid: number }) => {
        ended.push(pid);
      },
    });
    await back();
    expect(ended).toEqual([9]);
  });
});
