import { describe, expect, it } from 'vitest';
import type { ChildHandle, SpawnRequest, SpawnResult } from '../../src/engine/ports.ts';
import { createSecrets } from '../../src/engine/secrets.ts';
import type { Command, StepContext } from '../../src/engine/step.ts';
import { InstallerError } from '../../src/errors/installer-error.ts';
import { createMemoryEngine, type MemoryEngineOptions, makeStep } from '../support/memory-engine.ts';

const ok: SpawnResult = { exitCode: 0, signal: null, stdout: '', stderr: '' };

/** Runs one step that uses its context as given. */
async function use(work: (ctx: StepContext) => Promise<unknown>, options: MemoryEngineOptions = {}) {
  const engine = createMemoryEngine(options);
  const apply = async (ctx: StepContext) => {
    await work(ctx);
    return undefined;
  };
  return { ...engine, report: await engine.play([makeStep('a', { apply })]) };
}

describe("a child's environment", () => {
  const env = {
    PATH: '/bin',
    TOKEN: 'tok-tok-tok',
    PASSWORD: 'pass-word-1',
    EMPTY: undefined,
    TRACEPARENT: '00-ours-01',
  };
  const secrets = createSecrets({ TOKEN: 'tok-tok-tok', PASSWORD: 'pass-word-1', FROM_FILE: 'file-secret' });
  const environmentOf = async (command: Command, more: MemoryEngineOptions = {}) => {
    const { spawned } = await use((ctx) => ctx.exec(command), { env, secrets, ...more });
    return spawned[0]?.env;
  };

  it('is ours without the secrets, and marked with run and step', async () => {
    expect(await environmentOf({ file: 'x' })).toEqual({
      PATH: '/bin',
      TRACEPARENT: '00-ours-01',
      CONTEXTCORE_RUN_ID: 'r1',
      CONTEXTCORE_STEP: 'a',
    });
  });

  it('has the secrets that the command declares, from the environment or a file', async () => {
    expect(await environmentOf({ file: 'x', secrets: ['TOKEN', 'FROM_FILE'] })).toMatchObject({
      TOKEN: 'tok-tok-tok',
      FROM_FILE: 'file-secret',
    });
    expect(await environmentOf({ file: 'x', secrets: ['TOKEN'] })).not.toHaveProperty('PASSWORD');
  });

  it('refuses a declared secret that is not set, and starts nothing', async () => {
    const { spawned, report } = await use((ctx) => ctx.exec({ file: 'x', secrets: ['OTHER'] }), { secrets });
    expect(report.error).toMatchObject({ code: 'config', details: { hint: expect.stringContaining('export OTHER') } });
    expect(spawned).toEqual([]);
  });

  it("has the step's trace context, while ours stays as it is", async () => {
    const childEnv = (step: string) => ({ TRACEPARENT: `00-${step}-01` });
    expect(await environmentOf({ file: 'x' }, { childEnv })).toMatchObject({ TRACEPARENT: '00-a-01' });
    expect(env.TRACEPARENT).toBe('00-ours-01');
    expect(Object.isFrozen(env) || env.PATH).toBe('/bin');
  });

  it("prefers the command's own variables, but for the markers", async () => {
    const command = { file: 'x', env: { PATH: '/opt', CONTEXTCORE_RUN_ID: 'forged', CONTEXTCORE_STEP: 'forged' } };
    expect(await environmentOf(command)).toMatchObject({
      PATH: '/opt',
      CONTEXTCORE_RUN_ID: 'r1',
      CONTEXTCORE_STEP: 'a',
    });
  });
});

describe("a child's output", () => {
  const secrets = createSecrets({ TOKEN: 'tok-tok-tok' });

  it.each<[string, Command, Record<string, string>]>([
    ['declared', { file: 'x', secrets: ['TOKEN'] }, {}],
    ['in a variable of another name', { file: 'x' }, { URL: 'https://me:tok-tok-tok@host' }],
    ['encoded in a variable', { file: 'x' }, { AUTH: `Basic ${Buffer.from('me:tok-tok-tok').toString('base64')}` }],
    ['in its own variables', { file: 'x', env: { KEY: 'tok-tok-tok' } }, {}],
    ['in its input', { file: 'x', input: '{"token":"tok-tok-tok"}' }, {}],
    ['in its arguments', { file: 'x', args: ['--token=tok-tok-tok'] }, {}],
  ])('goes through the mask when a secret is %s', async (_, command, env) => {
    const { spawned } = await use((ctx) => ctx.exec(command), { secrets, env });
    expect(spawned[0]?.output).toEqual({ to: 'masked', path: '/logs/a.1.log' });
  });

  it('goes to the log directly when the child is given none', async () => {
    const { spawned } = await use((ctx) => ctx.exec({ file: 'x' }), {
      secrets,
      env: { TOKEN: 'tok-tok-tok', OTHER: 'x' },
    });
    expect(spawned[0]?.output).toEqual({ to: 'log', path: '/logs/a.1.log' });
  });

  it('is held to its bound while the child runs, and when it has ended', async () => {
    const trimmed: number[] = [];
    const options: MemoryEngineOptions = {};
    const engine = createMemoryEngine({
      child: async () => {
        await engine.clock.of({ alive: true, calls: 0, touch: () => true, end: () => undefined }).sleep(1300);
        return ok;
      },
      ...options,
    });
    const start = engine.clock.now();
    engine.ports.logs.trim = () => trimmed.push(engine.clock.now() - start);
    await engine.play([
      makeStep('a', {
        apply: async (ctx) => {
          await ctx.exec({ file: 'x' });
          return undefined;
        },
      }),
    ]);
    expect(trimmed).toEqual([500, 1000, 1300]);
  });

  it('is an answer for a query, whose exit code is not judged', async () => {
    const answers: unknown[] = [];
    await use(async (ctx) => answers.push(await ctx.query({ file: 'x' })), {
      child: async () => ({ exitCode: 3, signal: null, stdout: 'out', stderr: 'err' }),
    });
    expect(answers).toEqual([expect.objectContaining({ exitCode: 3, stdout: 'out', stderr: 'err' })]);
  });

  it('is refused as an answer when its beginning is lost', async () => {
    const { report } = await use((ctx) => ctx.query({ file: 'kubectl' }), {
      child: async () => ({ ...ok, truncated: true }),
    });
    expect(report.error?.message).toBe('kubectl answered with more than 8 MiB');
  });
});

describe('the end of a child', () => {
  it('other than 0 is a failure with its command, its last lines and its class', async () => {
    const secrets = createSecrets({ TOKEN: 'tok-tok-tok' });
    const { report } = await use((ctx) => ctx.exec({ file: 'curl', args: ['-H', 'x: tok-tok-tok', 'a b'] }), {
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
    const { report } = await use((ctx) => ctx.exec({ file: 'x' }), {
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
    const { events, commits, steps } = await use((ctx) => ctx.exec({ file: '/usr/bin/kind' }));
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
    await use((ctx) => Promise.all([ctx.exec({ file: 'x' }), ctx.exec({ file: 'y' })]), {
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
