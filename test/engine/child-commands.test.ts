import { describe, expect, it } from 'vitest';
import type { SpawnResult } from '../../src/engine/ports.ts';
import { createSecrets } from '../../src/engine/secrets.ts';
import type { Command } from '../../src/engine/step.ts';
import { createMemoryEngine, type MemoryEngineOptions, makeStep, withContext } from '../support/memory-engine.ts';

const ok: SpawnResult = { exitCode: 0, signal: null, stdout: '', stderr: '' };

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
    const { spawned } = await withContext((ctx) => ctx.exec(command), { env, secrets, ...more });
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
    const { spawned, report } = await withContext((ctx) => ctx.exec({ file: 'x', secrets: ['OTHER'] }), { secrets });
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
    const { spawned } = await withContext((ctx) => ctx.exec(command), { secrets, env });
    expect(spawned[0]?.output).toEqual({ to: 'masked', path: '/logs/a.1.log' });
  });

  it('goes to the log directly when the child is given none', async () => {
    const { spawned } = await withContext((ctx) => ctx.exec({ file: 'x' }), {
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
    await withContext(async (ctx) => answers.push(await ctx.query({ file: 'x' })), {
      child: async () => ({ exitCode: 3, signal: null, stdout: 'out', stderr: 'err' }),
    });
    expect(answers).toEqual([expect.objectContaining({ exitCode: 3, stdout: 'out', stderr: 'err' })]);
  });

  it('is refused as an answer when its beginning is lost', async () => {
    const { report } = await withContext((ctx) => ctx.query({ file: 'kubectl' }), {
      child: async () => ({ ...ok, truncated: true }),
    });
    expect(report.error?.message).toBe('kubectl answered with more than 8 MiB');
  });
});
