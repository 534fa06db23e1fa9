import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { SpawnRequest } from '../../src/engine/ports.ts';
import { InstallerError } from '../../src/errors/installer-error.ts';
import { members, PATH, processes, startChild } from '../support/children.ts';
import { makeStepContext } from '../support/step-context.ts';
import { makeTempFolder } from '../support/temp-folder.ts';

describe('an answer', () => {
  const capture = { to: 'capture', limit: 8 * 1024 * 1024 } as const;

  it('is both streams and the exit code', async () => {
    const child = await startChild('printf out; printf err >&2; exit 3', capture);
    expect(await child.result).toEqual({ exitCode: 3, signal: null, stdout: 'out', stderr: 'err' });
  });

  it('is bounded: the last bytes of a longer one are kept, and it is told', async () => {
    const child = await startChild('yes | head -c 20000000; echo END', capture);
    const { stdout, truncated, exitCode } = await child.result;
    expect([stdout.length, stdout.slice(-5), truncated, exitCode]).toEqual([
      capture.limit,
      'y\nEND\n'.slice(-5),
      true,
      0,
    ]);
    const small = await startChild('printf 12345', { to: 'capture', limit: 5 });
    expect(await small.result).toMatchObject({ stdout: '12345' });
    expect(await small.result).not.toHaveProperty('truncated');
  });

  it('beyond the bound is a clear error of a query', async () => {
    const ctx = await makeStepContext({ env: { PATH } });
    await expect(ctx.query({ file: 'sh', args: ['-c', 'yes | head -c 9000000'] })).rejects.toMatchObject({
      code: 'step_failed',
      message: 'sh answered with more than 8 MiB',
    });
  });

  it('does not wait for what the child has left running', async () => {
    const child = await startChild('sleep 100 & echo hello', capture);
    expect(await child.result).toMatchObject({ exitCode: 0, stdout: 'hello\n' });
    expect(members(child.pid)).toHaveLength(1);
  });

  it.each([capture, { to: 'log', path: '/dev/null' } as const])(
    'can depend on an input, which need not be read (%j)',
    async (output) => {
      const echo = await startChild('[ "$(cat)" = hello ]', output, { input: 'hello' });
      expect(await echo.result).toMatchObject({ exitCode: 0 });
      const deaf = await startChild('exit 0', output, { input: 'x'.repeat(1_000_000) });
      expect(await deaf.result).toMatchObject({ exitCode: 0 });
      const none = await startChild('[ "$(cat)" = "" ]', output);
      expect(await none.result).toMatchObject({ exitCode: 0 });
    },
  );
});

describe('a child', () => {
  it('leads a group and a session of its own, with exactly the environment that it is given', async () => {
    const child = await startChild(
      'env; ps -o pid=,pgid=,sid= -p $$',
      { to: 'capture', limit: 10_000 },
      { env: { PATH, ONLY: 'this' } },
    );
    const { stdout } = await child.result;
    const [pid, pgid, sid] = (stdout.trim().split('\n').at(-1) ?? '').trim().split(/\s+/);
    expect([pid, pgid, sid]).toEqual([`${child.pid}`, `${child.pid}`, `${child.pid}`]);
    const names = stdout.split('\n').flatMap((line) => /^(\w+)=/.exec(line)?.[1] ?? []);
    // The shell itself sets the last ones.
    expect(names.filter((name) => !['PWD', 'OLDPWD', 'SHLVL', '_'].includes(name)).toSorted()).toEqual([
      'ONLY',
      'PATH',
    ]);
  });

  const outputs = [
    { to: 'log', path: '/dev/null' },
    { to: 'masked', path: '/dev/null' },
    { to: 'capture', limit: 10 },
  ] as const;
  it.each(outputs)('that cannot be started says why ($to)', async (output) => {
    const folder = await makeTempFolder();
    writeFileSync(join(folder, 'not-executable'), 'text', { mode: 0o600 });
    const attempt = (request: Partial<SpawnRequest>) =>
      processes.spawn({ file: 'sh', args: [], env: { PATH }, output, ...request }).catch((error) => error);
    const refusals: [Partial<SpawnRequest>, RegExp][] = [
      [{ file: 'no-such-program' }, /^cannot run no-such-program: it is not on the PATH$/],
      [{ file: '/no/such/file' }, /^cannot run \/no\/such\/file: there is no such file$/],
      [{ cwd: join(folder, 'gone') }, /^cannot run sh: its working folder .*gone is not there$/],
      [{ file: join(folder, 'not-executable') }, /EACCES/],
      [{ args: ['x'.repeat(3_000_000)] }, /E2BIG/],
    ];
    for (const [request, message] of refusals) {
      const error = await attempt(request);
      expect(error).toBeInstanceOf(InstallerError);
      expect(error).toMatchObject({
        code: 'step_failed',
        class: 'not_runnable',
        message: expect.stringMatching(message),
      });
    }
  });
});
