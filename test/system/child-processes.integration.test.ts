import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { ChildHandle, SpawnRequest } from '../../src/engine/ports.ts';
import { runPlan } from '../../src/engine/run-plan.ts';
import { createSecrets } from '../../src/engine/secrets.ts';
import type { StepContext } from '../../src/engine/step.ts';
import { InstallerError } from '../../src/errors/installer-error.ts';
import { createChildProcesses } from '../../src/system/child-processes.ts';
import { findProcesses, readProcess } from '../../src/system/process-table.ts';
import { makeEnginePorts, makeStepContext } from '../support/step-context.ts';
import { makeTempFolder } from '../support/temp-folder.ts';

const SECRET = 'p@ssw0rd/with+odd=chars';
const PATH = process.env.PATH ?? '';
const FIXTURE = fileURLToPath(new URL('../support/fixtures/engine-with-child.ts', import.meta.url));

const processes = createChildProcesses(createSecrets({ SECRET }));

async function start(
  script: string,
  output: SpawnRequest['output'],
  more: Partial<SpawnRequest> = {},
): Promise<ChildHandle> {
  const child = await processes.spawn({ file: 'sh', args: ['-c', script], env: { PATH }, output, ...more });
  onTestFinished(() => child.kill());
  return child;
}

const members = (pgid: number) => findProcesses((one) => one.pgid === pgid && one.state !== 'Z');

/** Waits until a condition holds; a test that waits in vain fails by its own assertion. */
async function until(holds: () => boolean, ms = 5000): Promise<void> {
  for (const end = Date.now() + ms; !holds() && Date.now() < end; ) await sleep(20);
}

async function logFile(): Promise<string> {
  return join(await makeTempFolder(), 'step.log');
}

const read = (path: string) => readFileSync(path, 'utf8');

describe('the end of a process group', () => {
  it('reaches every descendant, also those whose parent has gone', async () => {
    const path = await logFile();
    const child = await start('sleep 100 & (sh -c "sleep 100 & sleep 100" &) ; wait; sleep 100', { to: 'log', path });
    await until(() => members(child.pid).length >= 5);
    expect(members(child.pid).length).toBeGreaterThanOrEqual(5);
    await child.terminate(5000);
    expect(members(child.pid)).toEqual([]);
    expect(await child.result).toMatchObject({ exitCode: null, signal: 'SIGTERM' });
  });

  it('gives time to clean up', async () => {
    const path = await logFile();
    const child = await start(
      'trap "sleep 0.3; echo cleaned up; exit 3" TERM; echo ready; while :; do sleep 0.05; done',
      { to: 'log', path },
    );
    await until(() => read(path) !== '');
    await child.terminate(10_000);
    expect(await child.result).toMatchObject({ exitCode: 3 });
    expect(read(path)).toContain('cleaned up');
  });

  it('is by force after the grace', async () => {
    const path = await logFile();
    const child = await start('trap "" TERM; echo ready; sleep 100 & while :; do sleep 0.05; done', {
      to: 'log',
      path,
    });
    await until(() => read(path) !== '');
    const from = Date.now();
    await child.terminate(600);
    expect(Date.now() - from).toBeGreaterThanOrEqual(600);
    expect(await child.result).toMatchObject({ signal: 'SIGKILL' });
    expect(members(child.pid)).toEqual([]);
  });

  it('of all children at once is for the second Ctrl-C', async () => {
    const own = createChildProcesses(createSecrets({}));
    const requests = ['trap "" TERM; sleep 100', 'sleep 100'].map((script) =>
      own.spawn({ file: 'sh', args: ['-c', script], env: { PATH }, output: { to: 'capture', limit: 10 } }),
    );
    const children = await Promise.all(requests);
    own.killAll();
    for (const child of children) expect(await child.result).toMatchObject({ signal: 'SIGKILL' });
    await until(() => children.every((child) => members(child.pid).length === 0));
    for (const child of children) expect(members(child.pid)).toEqual([]);
  });

  it('is the end of a run that is interrupted, and leaves no process', async () => {
    const ports = { ...(await makeEnginePorts()), graceMs: 400 };
    const controller = new AbortController();
    const pids: number[] = [];
    const listen = (event: { type: string; pid?: number }) => {
      if (event.type !== 'child_started' || event.pid === undefined) return;
      pids.push(event.pid);
      if (pids.length === 3) setTimeout(() => controller.abort(new InstallerError('interrupted', 'Ctrl-C')), 200);
    };
    const scripts = {
      stubborn: 'trap "" TERM; sleep 100 & wait; sleep 100',
      willing: 'sleep 100',
      // The leader goes at once, what it has started stays.
      half: '(trap "" TERM; exec sleep 100) & exec sleep 100',
    };
    const steps = Object.entries(scripts).map(([id, script]) => ({
      id,
      title: id,
      apply: async (ctx: StepContext) => {
        await ctx.exec({ file: 'sh', args: ['-c', script] });
        return undefined;
      },
    }));
    const report = await runPlan(
      { name: 'p', cluster: 'c', steps },
      { ...ports, listeners: [listen] },
      { mode: 'run', runId: 'interrupted-run', signal: controller.signal },
    );
    expect(report.result).toBe('cancellation');
    expect(report.durationMs).toBeLessThan(10_000);
    expect(pids.flatMap(members)).toEqual([]);
    expect([...ports.steps.values()].map(({ status }) => status)).toEqual([
      'in_progress',
      'in_progress',
      'in_progress',
    ]);
  });
});

describe('output', () => {
  it('goes to the log by descriptor, both streams in order, readable by us alone', async () => {
    const path = await logFile();
    const child = await start('echo one; echo two >&2; printf three', { to: 'log', path });
    expect(await child.result).toMatchObject({ exitCode: 0, stdout: '', stderr: '' });
    expect(read(path)).toBe('one\ntwo\nthree');
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('through the mask holds no form of a secret on the disk, however it is cut', async () => {
    const path = await logFile();
    const forms = [SECRET, Buffer.from(SECRET).toString('base64'), encodeURIComponent(SECRET)];
    const half = Math.floor(SECRET.length / 2);
    const script = [
      ...forms.map((form) => `echo "form ${form} end"`),
      `printf %s "split ${SECRET.slice(0, half)}"; sleep 0.2; echo "${SECRET.slice(half)} end"`,
      `echo "error ${SECRET} end" >&2`,
      `printf %s "last ${SECRET.slice(0, half)}"`,
    ].join('\n');
    const child = await start(script, { to: 'masked', path });
    const seen: string[] = [];
    const watch = setInterval(() => seen.push(read(path)), 5);
    await child.result;
    clearInterval(watch);
    for (const text of [...seen, read(path)]) for (const form of forms) expect(text).not.toContain(form);
    const lines = read(path).trimEnd().split('\n').toSorted();
    expect(lines).toEqual(
      ['error *** end', 'form *** end', 'form *** end', 'form *** end', 'last ***', 'split *** end'].toSorted(),
    );
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  it('through the mask leaves not even the beginning of a secret when the engine is killed in the middle of it', async () => {
    const path = await logFile();
    const script = `echo before; printf %s "${SECRET.slice(0, -2)}"; sleep 30`;
    const engine = spawn(process.execPath, [
      FIXTURE,
      JSON.stringify({ script, run: 'masked-kill', log: path, secret: SECRET }),
    ]);
    const [line] = (await once(engine.stdout, 'data')) as [Buffer];
    const pgid = Number(String(line));
    onTestFinished(() => void signal(pgid));
    // All of it has been written into the pipe; what the mask may let go, it has let go.
    await sleep(700);
    engine.kill('SIGKILL');
    await once(engine, 'exit');
    expect('before\n'.startsWith(read(path))).toBe(true);
  });

  it('of a chatty child stays within its bound, and its last lines are kept', async () => {
    const ctx = await makeStepContext({ env: { PATH } });
    const failing = ctx.exec({
      file: 'sh',
      args: ['-c', 'yes "a rather long line of output" | head -c 30000000; echo; echo the very last line; exit 1'],
    });
    const error = await failing.then(
      () => undefined,
      (thrown: InstallerError) => thrown,
    );
    expect(error?.details.tail?.at(-1)).toBe('the very last line');
    expect(statSync(error?.details.log ?? '').size).toBeLessThanOrEqual(10 * 1024 * 1024);
    expect(read(error?.details.log ?? '')).toMatch(/^\[\d+ bytes left out\]\n/);
  });

  it.each(['log', 'masked'] as const)(
    'to the %s of a child that leaves something running does not hold the step up',
    async (to) => {
      const path = await logFile();
      const from = Date.now();
      const child = await start('sleep 30 & echo started', { to, path });
      expect(await child.result).toMatchObject({ exitCode: 0 });
      expect(Date.now() - from).toBeLessThan(10_000);
      if (to === 'log') expect(read(path)).toBe('started\n');
    },
  );

  it('is dropped when there is no place for the log', async () => {
    const child = await start('echo lost', { to: 'log', path: '/nonexistent/folder/step.log' });
    expect(await child.result).toMatchObject({ exitCode: 0 });
    const masked = await start('echo lost', { to: 'masked', path: '/nonexistent/folder/step.log' });
    expect(await masked.result).toMatchObject({ exitCode: 0 });
  });
});

describe('an answer', () => {
  const capture = { to: 'capture', limit: 8 * 1024 * 1024 } as const;

  it('is both streams and the exit code', async () => {
    const child = await start('printf out; printf err >&2; exit 3', capture);
    expect(await child.result).toEqual({ exitCode: 3, signal: null, stdout: 'out', stderr: 'err' });
  });

  it('is bounded: the last bytes of a longer one are kept, and it is told', async () => {
    const child = await start('yes | head -c 20000000; echo END', capture);
    const { stdout, truncated, exitCode } = await child.result;
    expect([stdout.length, stdout.slice(-5), truncated, exitCode]).toEqual([
      capture.limit,
      'y\nEND\n'.slice(-5),
      true,
      0,
    ]);
    const small = await start('printf 12345', { to: 'capture', limit: 5 });
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
    const from = Date.now();
    const child = await start('sleep 30 & echo hello', capture);
    expect(await child.result).toMatchObject({ exitCode: 0, stdout: 'hello\n' });
    expect(Date.now() - from).toBeLessThan(10_000);
  });

  it.each([capture, { to: 'log', path: '/dev/null' } as const])(
    'can depend on an input, which need not be read (%j)',
    async (output) => {
      const echo = await start('[ "$(cat)" = hello ]', output, { input: 'hello' });
      expect(await echo.result).toMatchObject({ exitCode: 0 });
      const deaf = await start('exit 0', output, { input: 'x'.repeat(1_000_000) });
      expect(await deaf.result).toMatchObject({ exitCode: 0 });
      const none = await start('[ "$(cat)" = "" ]', output);
      expect(await none.result).toMatchObject({ exitCode: 0 });
    },
  );
});

describe('a child', () => {
  it('leads a group and a session of its own, with exactly the environment that it is given', async () => {
    const child = await start(
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

describe('what a killed engine has left running', () => {
  async function killEngine(run: string, script: string) {
    const engine = spawn(process.execPath, [FIXTURE, JSON.stringify({ script, run })]);
    const [line] = (await once(engine.stdout, 'data')) as [Buffer];
    const pid = Number(String(line));
    onTestFinished(() => void signal(pid));
    const startTicks = readProcess(pid)?.startTicks ?? -1;
    engine.kill('SIGKILL');
    await once(engine, 'exit');
    return { pid, startTicks };
  }

  it('is found by its mark, and ended with all its descendants', async () => {
    const run = `killed-${process.pid}-1`;
    const { pid, startTicks } = await killEngine(run, 'sleep 60 & sleep 60; true');
    await until(() => members(pid).length === 3);
    const found = processes.findMarked(run);
    expect(found).toEqual([{ pid, start_ticks: startTicks, program: 'sh', step: 'the_step' }]);
    expect(processes.findMarked('another run')).toEqual([]);
    const orphan = { pid, start_ticks: startTicks, program: 'sh' };
    expect(processes.isAlive(orphan)).toBe(true);
    await processes.end(orphan, 3000);
    expect(processes.isAlive(orphan)).toBe(false);
    expect(members(pid)).toEqual([]);
    expect(processes.findMarked(run)).toEqual([]);
  });

  it('lives as long as anything of its group does, even without its leader', async () => {
    const run = `killed-${process.pid}-2`;
    const { pid, startTicks } = await killEngine(run, 'sleep 60 & exit 0');
    await until(() => members(pid).every((one) => one.pid !== pid));
    expect(members(pid)).toHaveLength(1);
    expect(processes.isAlive({ pid, start_ticks: startTicks, program: 'sh' })).toBe(true);
    expect(processes.findMarked(run)).toMatchObject([{ pid, step: 'the_step' }]);
    await processes.end({ pid, start_ticks: startTicks, program: 'sh' }, 3000);
    expect(members(pid)).toEqual([]);
  });

  it('is not mistaken for another process that has its number now', async () => {
    const child = await start('sleep 60', { to: 'log', path: '/dev/null' });
    const other = { pid: child.pid, start_ticks: child.startTicks - 5, program: 'sh' };
    expect(processes.isAlive(other)).toBe(false);
    await processes.end(other, 100);
    expect(members(child.pid).length).toBeGreaterThan(0);
  });
});

function signal(pgid: number): void {
  try {
    process.kill(-pgid, 'SIGKILL');
  } catch {
    // It has ended.
  }
}
