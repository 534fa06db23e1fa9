import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { RUN_MARKER, STEP_MARKER } from '../../src/engine/child-commands.ts';
import type { ChildHandle, SpawnRequest } from '../../src/engine/ports.ts';
import { InstallerError } from '../../src/errors/installer-error.ts';
import { ForkServer } from '../../src/system/fork-server.ts';
import { isAlive, readProcess } from '../../src/system/process-table.ts';
import { logFile, members, PATH, processes, startChild, startEngine } from '../support/children.ts';
import { waitFor } from '../support/processes.ts';
import { makeTempFolder } from '../support/temp-folder.ts';

const read = (path: string) => readFileSync(path, 'utf8');
const parentOf = (pid: number): number => readProcess(pid)?.ppid ?? 0;

async function startServer(env: Record<string, string> = { PATH }, logs = '/no/folder'): Promise<ForkServer> {
  const server = new ForkServer(env, logs);
  onTestFinished(() => server.close());
  await waitFor(() => server.isReady);
  return server;
}

async function run(server: ForkServer, script: string, more: Partial<SpawnRequest> = {}, log = '/dev/null') {
  await waitFor(() => server.isReady);
  const output = { to: 'log', path: log } as const;
  const child = server.run({ file: 'sh', args: ['-c', script], env: { PATH }, output, ...more }, log);
  onTestFinished(() => child.kill());
  return child;
}

/** What a program can tell of how it was started. */
const CIRCUMSTANCES = `
env -0 | sort -z | tr '\\0' '\\n'
umask; pwd; nice; ulimit -a
ls -l /proc/self/fd | sed 's/.* \\([0-9]*\\) -> /\\1 /; /self/d; /proc/d; /^total/d'
grep -E '^(SigBlk|SigIgn|SigCgt|Cap|NoNew)' /proc/self/status
[ "$(ps -o pgid= -p $$)" -eq $$ ] && echo leads its group
(: </dev/tty) 2>/dev/null || echo no terminal
`;

describe('a child of a fork server', () => {
  it('is started as Node.js starts one', async () => {
    const folder = await makeTempFolder();
    const odd = { 'odd.name-1': 'a=b\nc', EMPTY: '', LATER: 'ünï', PERL5OPT: '-Mno_such_module', PATH };
    const server = await startServer({ PATH, EMPTY: 'not empty', REMOVED: 'x', PERL5OPT: '-Mno_such_module' });
    const [direct, forked] = [join(folder, 'direct'), join(folder, 'forked')];
    const request = { env: odd, cwd: folder };
    await (await startChild(CIRCUMSTANCES, { to: 'log', path: direct }, request)).result;
    const child = await run(server, CIRCUMSTANCES, request, forked);
    expect(await child.result).toEqual({ exitCode: 0, signal: null, stdout: '', stderr: '' });
    const seen = (path: string) =>
      read(path)
        .replaceAll(path, 'LOG')
        .replaceAll(/pipe:\[\d+\]/g, 'pipe');
    expect(seen(forked)).toBe(seen(direct));
    expect(read(forked)).toMatch(/^PATH=[\s\S]+^SigIgn:[\s\S]+leads its group\nno terminal\n$/m);
    expect(statSync(forked).mode & 0o777).toBe(0o600);
  });

  it('is known by its pid and its time of start', async () => {
    const child = await run(await startServer(), 'sleep 100');
    expect(child.startTicks).toBe(readProcess(child.pid)?.startTicks);
    expect(isAlive(child.pid, child.startTicks)).toBe(true);
  });

  it('is given words as they are, and appends to the log', async () => {
    const log = await logFile();
    const server = await startServer();
    const args = ['-c', 'printf "[%s]" "$@"; echo >&2', 'sh', '', '$HOME', 'a b', "'", '\n', 'ü', 'x'.repeat(100_000)];
    const first = await run(server, '', { args }, log);
    await first.result;
    await (await run(server, 'echo second', {}, log)).result;
    expect(read(log)).toBe(`[][$HOME][a b]['][\n][ü][${'x'.repeat(100_000)}]\nsecond\n`);
  });

  it('has a log of its own, made ahead or not, of which nothing else stays', async () => {
    const logs = await makeTempFolder();
    const server = await startServer({ PATH }, logs);
    const write = async (path: string, text: string) =>
      (await run(server, `echo ${text}; echo ${text} >&2`, {}, path)).result;
    for (const [name, text] of Object.entries({ a: 'one', b: 'two', c: 'three' })) await write(join(logs, name), text);
    await write(join(logs, 'b'), 'more');
    await (await run(server, 'true', {}, join(logs, 'silent'))).result;
    const elsewhere = await logFile();
    await write(elsewhere, 'else');
    expect(['a', 'b', 'c', 'silent'].map((name) => read(join(logs, name)))).toEqual([
      'one\none\n',
      'two\ntwo\nmore\nmore\n',
      'three\nthree\n',
      '',
    ]);
    expect(read(elsewhere)).toBe('else\nelse\n');
    await waitFor(() => server.isReady);
    expect(statSync(join(logs, 'a')).nlink).toBe(1);
    expect(statSync(join(logs, 'a')).mode & 0o777).toBe(0o600);
    server.close();
    await waitFor(() => !existsSync(join(logs, '.ahead')));
    expect(readdirSync(logs).toSorted()).toEqual(['a', 'b', 'c', 'silent']);
  });

  it('runs without a log where none can be written', async () => {
    const folder = await makeTempFolder();
    const child = await run(await startServer(), 'echo told; touch ran', { cwd: folder }, '/no/such/folder/step.log');
    expect(await child.result).toMatchObject({ exitCode: 0 });
    expect(existsSync(join(folder, 'ran'))).toBe(true);
  });

  it('tells its exit code from the signal that ended it', async () => {
    const server = await startServer();
    const ends: [string, object][] = [
      ['exit 0', { exitCode: 0, signal: null }],
      ['exit 3', { exitCode: 3, signal: null }],
      ['exit 137', { exitCode: 137, signal: null }],
      ['exit 255', { exitCode: 255, signal: null }],
    ];
    for (const [script, end] of ends) expect(await (await run(server, script)).result).toMatchObject(end);
    for (const signal of ['SIGKILL', 'SIGTERM', 'SIGSEGV']) {
      const child = await run(await startServer(), `kill -${signal.slice(3)} $$`);
      expect(await child.result).toMatchObject({ exitCode: null, signal });
    }
  });

  it('that cannot be started says why, as others do', async () => {
    const server = await startServer();
    const folder = await makeTempFolder();
    const noProgram = join(folder, 'not-executable');
    writeFileSync(noProgram, 'text', { mode: 0o600 });
    const refusals: [Partial<SpawnRequest>, RegExp][] = [
      [{ file: 'no-such-program' }, /^cannot run no-such-program: it is not on the PATH$/],
      [{ file: '/no/such/file' }, /^cannot run \/no\/such\/file: there is no such file$/],
      [{ cwd: join(folder, 'gone') }, /^cannot run sh: its working folder .*gone is not there$/],
      [{ file: noProgram }, /EACCES/],
      [{ args: ['x'.repeat(3_000_000)] }, /E2BIG/],
    ];
    for (const [request, message] of refusals) {
      const error = await (await run(server, '', request)).result.catch((thrown) => thrown);
      expect(error).toBeInstanceOf(InstallerError);
      expect(error).toMatchObject({ class: 'not_runnable', message: expect.stringMatching(message) });
    }
    expect(await (await run(server, 'exit 4')).result).toMatchObject({ exitCode: 4 });
  });

  it('is found on the PATH that it is given', async () => {
    const folder = await makeTempFolder();
    mkdirSync(join(folder, 'bin'));
    writeFileSync(join(folder, 'bin/tool'), '#!/bin/sh\nexit 7\n');
    chmodSync(join(folder, 'bin/tool'), 0o755);
    const request = { file: 'tool', args: [], env: { PATH: `${join(folder, 'bin')}:${PATH}` } };
    expect(await (await run(await startServer(), '', request)).result).toMatchObject({ exitCode: 7 });
  });

  it('is ended with all that it has started', async () => {
    const server = await startServer();
    const asked = await run(server, 'sleep 100 & sleep 100');
    await asked.terminate(5_000);
    expect(await asked.result).toMatchObject({ exitCode: null, signal: 'SIGTERM' });
    const forced = await run(await startServer(), 'trap "" TERM; sleep 100 & while :; do sleep 1; done');
    await waitFor(() => members(forced.pid).length > 1);
    await forced.terminate(100);
    expect(await forced.result).toMatchObject({ exitCode: null, signal: 'SIGKILL' });
    for (const { pid } of [asked, forced]) expect(members(pid)).toEqual([]);
  });

  it('may leave something running, which later ones do not touch', async () => {
    const server = await startServer();
    const child = await run(server, 'sleep 100 & exit 0');
    expect(await child.result).toMatchObject({ exitCode: 0 });
    await (await run(server, 'sleep 100')).terminate(1_000);
    expect(members(child.pid)).toHaveLength(1);
  });
});

describe('a fork server', () => {
  const serverOf = (child: ChildHandle): number => parentOf(child.pid);

  /** As a child of it says, which may be gone before anybody else could look. */
  async function pidOf(server: ForkServer): Promise<number> {
    const log = await logFile();
    const child = await run(server, 'echo $PPID', {}, log);
    expect(await child.result).toMatchObject({ exitCode: 0 });
    return Number(read(log));
  }

  it('bears none of the marks of a child, which would make it a child of the run', async () => {
    const env = { PATH, KEPT: 'here', [RUN_MARKER]: 'run-1', [STEP_MARKER]: 'step-1' };
    const child = await run(await startServer(env), '[ "$KEPT" = here ] && sleep 100', { env });
    const environment = read(`/proc/${serverOf(child)}/environ`);
    expect(environment).toContain('KEPT=here');
    expect(environment).not.toMatch(/run-1|step-1/);
    await waitFor(() => read(`/proc/${child.pid}/environ`).includes('step-1'));
  });

  it('that is killed takes its child along: nobody would tell how it ends', async () => {
    const server = await startServer();
    const child = await run(server, 'sleep 100 & sleep 100');
    await waitFor(() => members(child.pid).length === 3);
    process.kill(serverOf(child), 'SIGKILL');
    expect(await child.result).toMatchObject({ exitCode: null, signal: 'SIGKILL' });
    await waitFor(() => members(child.pid).length === 0);
    expect([server.isOver, server.isReady]).toEqual([true, false]);
  });

  it('that is killed while it has nothing to do is not used any more, and leaves nothing', async () => {
    const server = await startServer();
    const pid = await pidOf(server);
    await waitFor(() => server.isReady);
    process.kill(pid, 'SIGKILL');
    await waitFor(() => server.isOver);
    await waitFor(() => members(pid).length === 0);
  });

  it('never runs a command that was told to have been killed', async () => {
    const folder = await makeTempFolder();
    const server = await startServer();
    const pid = await pidOf(server);
    await waitFor(() => server.isReady);
    // The one that waits for a request, stopped before it can read one.
    const spare = childOf(pid);
    process.kill(spare, 'SIGSTOP');
    const child = await run(server, 'touch ran', { cwd: folder });
    expect(child.pid).toBe(spare);
    process.kill(spare, 'SIGKILL');
    // Busy for a while: the next one has all the time to read what was left, before the server can be given up.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 300);
    expect(await child.result).toMatchObject({ exitCode: null, signal: 'SIGKILL' });
    await waitFor(() => !isAlive(pid, 0));
    expect(existsSync(join(folder, 'ran'))).toBe(false);
    expect(server.isOver).toBe(true);
  });

  it('that is given up ends at once, or when its child has ended, and not by asking in vain', async () => {
    const server = await startServer();
    const pid = await pidOf(server);
    const child = await run(server, 'sleep 0.3; exit 5');
    server.close();
    expect(await child.result).toMatchObject({ exitCode: 5 });
    await waitFor(() => !isAlive(pid, 0));
    const idle = await startServer();
    const idlePid = await pidOf(idle);
    await waitFor(() => idle.isReady);
    idle.close();
    await waitFor(() => !isAlive(idlePid, 0) && members(idlePid).length === 0);
  });

  it('ends with its engine, however that ends; what it has started stays', async () => {
    const log = await logFile();
    const script = 'sleep 1; echo done; sleep 100';
    const name = `killed-${process.pid}-forked`;
    const { engine, pgid } = await startEngine({ script, run: name, log, before: '40' });
    const server = parentOf(pgid);
    expect(server).not.toBe(engine.pid);
    engine.kill('SIGKILL');
    await once(engine, 'exit');
    await waitFor(() => existsSync(log) && read(log) === 'done\n');
    // As the next run looks for it.
    expect(processes.findMarked(name)).toMatchObject([{ pid: pgid, program: 'sh', step: 'the_step' }]);
    process.kill(-pgid, 'SIGKILL');
    await waitFor(() => !isAlive(server, 0));
  });
});

function childOf(pid: number): number {
  return Number(read(`/proc/${pid}/task/${pid}/children`).trim());
}
