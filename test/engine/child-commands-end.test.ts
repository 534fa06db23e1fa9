import { describe, expect, it } from 'vitest';
import type { ChildHandle, SpawnRequest, SpawnResult } from '../../src/engine/ports.ts';
import { createSecrets } from '../../src/engine/secrets.ts';
import { InstallerError } from '../../src/errors/installer-error.ts';
import { createMemoryEngine, makeStep, withContext } from '../support/memory-engine.ts';

const ok: SpawnResult = { exitCode: 0, signal: null, stdout: '', stderr: '' };

describe('the end of a child', () => {
  it('other than 0 is a failure with its command, its last lines and its class', async () => {
    const secrets = createSecrets({ TOKEN: 'tok-tok-tok' });
    const { report } = await withContext((ctx) => ctx.exec({ file: 'curl', args: ['-H', 'x: tok-tok-tok', 'a b'] }), {
      secrets,
      child: async () => ({ ...ok, exitCode: 7 }),
      logs: {
        open: () => '/l',
        append: () => undefined,
        trim: () => undefined,
        size: () => 0,
        tail: () => ['last tok-tok-tok line'],
      },
      classify: (thrown) => (thrown instanceof InstallerError && thrown.details.tail ? 'network_reset' : 'unknown'),
    });
    expect(report.error).toMatchObject({
      message: 'curl exited with 7',
      class: 'network_reset',
      details: { childExit: 7, command: "curl -H 'x: ***' 'a b'", tail: ['last *** line'], log: '/l', step: 'a' },
    });
  });

  it('by a signal names it', async () => {
    const { report } = await withContext((ctx) => ctx.exec({ file: 'x' }), {
      child: async () => ({ ...ok, exitCode: null, signal: 'SIGSEGV' }),
    });
    expect(report.error?.message).toBe('x was ended by SIGSEGV');
  });

  it('comes with its own time, beside that of the attempt', async () => {
    const ended: number[] = [];
    const engine = createMemoryEngine();
    const start = engine.clock.now();
    engine.ports.processes = fakeProcesses((handle, resolve) => {
      handle.terminate = async () => {
        ended.push(engine.clock.now() - start);
        resolve({ ...ok, exitCode: null, signal: 'SIGTERM' });
      };
    });
    const report = await engine.play([
      makeStep('a', {
        apply: async (ctx) => {
          await ctx.exec({ file: 'x', timeoutMs: 4000 });
          return undefined;
        },
      }),
    ]);
    expect(ended).toEqual([4000]);
    expect(report.error).toMatchObject({ message: 'x did not end within 4000 ms', class: 'network_timeout' });
  });

  it.each(['record', 'abort during the spawn'])('comes before the end of the step: %s', async (trouble) => {
    const ended: string[] = [];
    const controller = new AbortController();
    const engine = createMemoryEngine({
      onRecord: async (change) => {
        if (trouble === 'record' && change.steps?.a?.children) throw new InstallerError('state_unusable', 'full');
      },
    });
    engine.ports.processes = fakeProcesses((handle, resolve) => {
      if (trouble !== 'record') controller.abort(new InstallerError('interrupted', 'stop'));
      handle.terminate = async () => {
        ended.push('terminated');
        resolve({ ...ok, exitCode: null, signal: 'SIGTERM' });
      };
    });
    const step = makeStep('a', {
      apply: async (ctx) => {
        await ctx.exec({ file: 'x', timeoutMs: 1e6 });
        return undefined;
      },
    });
    await engine.play([step], { signal: controller.signal }).catch(() => undefined);
    expect(ended.length).toBeGreaterThan(0);
  });

  it('is told, and its beginning recorded with pid and start time', async () => {
    const { events, commits, steps } = await withContext((ctx) => ctx.exec({ file: '/usr/bin/kind' }));
    expect(commits.flat().find((change) => change.steps?.a?.children)?.steps?.a?.children).toEqual([
      { pid: 101, start_ticks: 1, program: 'kind' },
    ]);
    expect(events.filter((event) => event.type.startsWith('child_'))).toMatchObject([
      { type: 'child_started', pid: 101, program: 'kind' },
      { type: 'child_finished', pid: 101, program: 'kind', exitCode: 0 },
    ]);
    expect(steps.get('a')?.children).toBeUndefined();
  });

  it('of one of several at once leaves the others recorded', async () => {
    const lists: number[] = [];
    await withContext((ctx) => Promise.all([ctx.exec({ file: 'x' }), ctx.exec({ file: 'y' })]), {
      onRecord: async (change) => {
        if (change.steps?.a?.children) lists.push(change.steps.a.children.length);
      },
    });
    expect(lists).toEqual([1, 2]);
  });
});

function fakeProcesses(
  setUp: (
    handle: { -readonly [K in keyof ChildHandle]: ChildHandle[K] },
    resolve: (result: SpawnResult) => void,
  ) => void,
) {
  return {
    async spawn(_: SpawnRequest): Promise<ChildHandle> {
      const { promise, resolve } = Promise.withResolvers<SpawnResult>();
      const handle = {
        pid: 5,
        startTicks: 1,
        result: promise,
        terminate: async () => undefined,
        kill: () => undefined,
      };
      setUp(handle, resolve);
      return handle;
    },
    isAlive: () => false,
    findMarked: () => [],
    end: async () => undefined,
  };
}
