import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { isAlive } from '../../src/system/process-table.ts';
import { type Ended, type Ground, makeGround } from '../support/cli.ts';
import { covers } from './interface.ts';

const QUICK = ['--delay', '10ms'];
const recordPath = (ground: Ground) => join(ground.home, 'resilience', 'breaker%3Acommand%3Aregistry.json');
const retry = (ground: Ground, flags: readonly string[], script: string, env = {}): Promise<Ended> =>
  ground.install(['retry', ...flags, '--', 'sh', '-c', script], { env });

describe('retry', () => {
  test(`tries again until it works; its output is untouched ${covers('retry', 'retry --attempts', 'retry --delay', 'retry --max')}`, async () => {
    const ground = makeGround();
    const script =
      'echo x >> tries; echo answer; test $(wc -l < tries) -ge 3 || { echo "curl: (22) The requested URL returned error: 503" >&2; exit 22; }';
    const ended = await retry(ground, ['--attempts', '5', ...QUICK, '--max', '20ms'], script);
    expect(ended.exitCode, ended.stderr).toBe(0);
    expect(ended.stdout).toBe('answer\nanswer\nanswer\n');
    expect(ended.stderr.match(/attempt \d failed \(server_error\)/g)).toHaveLength(2);
  });

  test(`passes the child's exit code on; what is for good is tried once ${covers('retry', 'exit 1')}`, async () => {
    const ground = makeGround();
    const transient = await retry(ground, ['--attempts', '2', ...QUICK], 'echo x >> tries; exit 42');
    expect(transient.exitCode).toBe(42);
    expect(readFileSync(join(ground.folder, 'tries'), 'utf8')).toBe('x\nx\n');
    const gone = 'echo x >> gone; echo "manifest unknown: manifest unknown" >&2; exit 1';
    expect((await retry(ground, ['--attempts', '4', ...QUICK], gone)).exitCode).toBe(1);
    expect(readFileSync(join(ground.folder, 'gone'), 'utf8')).toBe('x\n');
    const missing = await ground.install(['retry', '--', 'no-such-program']);
    expect(missing).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('no such program') });
  });

  test(`a limit of each try and of everything; nothing it started stays ${covers('retry --timeout', 'retry --kind')}`, async () => {
    const ground = makeGround();
    // Time enough for a busy machine to start what is to be ended.
    const flags = ['--kind', 'ssh', '--attempts', '2', ...QUICK, '--timeout', '3s', '--budget', '60s'];
    const ended = await retry(ground, flags, 'sleep 1000 & echo $! >> pids; wait');
    expect(ended.exitCode, ended.stderr).toBe(1);
    expect(ended.stderr).toContain('network_timeout');
    const pids = readFileSync(join(ground.folder, 'pids'), 'utf8').trim().split('\n');
    expect(pids).toHaveLength(2);
    expect(pids.filter((pid) => isAlive(Number(pid), 0))).toEqual([]);
  });

  test(`wrong usage ${covers('exit 2')}`, async () => {
    const ground = makeGround();
    for (const args of [
      ['retry'],
      ['retry', '--attempts', '0', '--', 'true'],
      ['retry', '--delay', 'soon', '--', 'true'],
      ['retry', '--kind', 'x', '--', 'true'],
    ]) {
      const { exitCode, stderr } = await ground.install(args);
      expect(exitCode, `${args.join(' ')}\n${stderr}`).toBe(2);
    }
  });

  test(`Ctrl-C ends the child and is no failure to be tried again ${covers('exit 130')}`, async () => {
    const ground = makeGround();
    const running = ground.start('contextcore-install', [
      'retry',
      '--',
      'sh',
      '-c',
      'echo $$ > pid; echo up; exec sleep 1000',
    ]);
    await running.seen('up');
    running.kill('SIGINT');
    expect((await running.ended).exitCode).toBe(130);
    expect(isAlive(Number(readFileSync(join(ground.folder, 'pid'), 'utf8')), 0)).toBe(false);
  });

  test('a second Ctrl-C is immediate, and leaves no child that heeds nothing', async () => {
    const ground = makeGround();
    const stubborn = 'trap "" TERM; echo $$ > pid; echo up; while :; do sleep 0.1; done';
    const running = ground.start('contextcore-install', ['retry', '--', 'sh', '-c', stubborn]);
    await running.seen('up');
    running.kill('SIGINT');
    await new Promise((resolve) => setTimeout(resolve, 300));
    running.kill('SIGINT');
    expect((await running.ended).exitCode).toBe(130);
    const pid = Number(readFileSync(join(ground.folder, 'pid'), 'utf8'));
    await expect.poll(() => isAlive(pid, 0), { timeout: 30_000 }).toBe(false);
  });

  test(`a CI job's page gets the table ${covers('GITHUB_STEP_SUMMARY')}`, async () => {
    const ground = makeGround();
    const page = join(ground.folder, 'summary.md');
    const script = 'test -e once || { touch once; echo "connection reset by peer" >&2; exit 1; }';
    await retry(ground, QUICK, script, { GITHUB_STEP_SUMMARY: page });
    expect(readFileSync(page, 'utf8')).toMatch(/\| command:sh \| 1 \| 0 \| 1 \| 0 \| .* \| network\\?_reset 1 \|/);
    writeFileSync(join(ground.folder, 'shop.yaml'), 'steps:\n  - id: build\n    run: echo built\n');
    const run = await ground.install(['run', 'shop.yaml'], { env: { GITHUB_STEP_SUMMARY: page } });
    expect(run.exitCode, run.stderr).toBe(0);
    expect(readFileSync(page, 'utf8')).toMatch(/### shop on o11y-dev\n\nsuccess[\s\S]*\| build \| completed \| 1 \|/);
    const nowhere = { GITHUB_STEP_SUMMARY: '/nowhere/summary.md' };
    expect((await retry(ground, QUICK, 'true', nowhere)).exitCode).toBe(0);
  });
});

describe('circuit breakers', () => {
  test(`one process opens it, the next respects it, one of ten probes, and it closes ${covers('breaker list', 'breaker reset')}`, async () => {
    const ground = makeGround();
    const target = ['--target', 'registry'];
    const fails = 'echo "connection refused" >&2; exit 7';
    for (let call = 0; call < 5; call += 1) {
      expect((await retry(ground, ['--attempts', '1', ...target], fails)).exitCode).toBe(7);
    }
    const refused = await retry(ground, target, 'touch asked');
    expect(refused.exitCode, refused.stderr).toBe(1);
    expect(refused.stderr).toContain('contextcore-install breaker reset command:registry');
    expect(existsSync(join(ground.folder, 'asked'))).toBe(false);
    const listed = await ground.install(['breaker', 'list', '--json']);
    expect(JSON.parse(listed.stdout)).toMatchObject([{ target: 'command:registry', state: 'open', failed: 5 }]);

    // Its 300 s are shortened; all else is as those five processes left it.
    const record = JSON.parse(readFileSync(recordPath(ground), 'utf8')) as { open: { until: number } };
    record.open.until = Date.now() + 4_000;
    writeFileSync(recordPath(ground), JSON.stringify(record));
    const script = 'echo "begin $(date +%s%N)" >> calls; sleep 1; echo "end $(date +%s%N)" >> calls';
    const ten = await Promise.all(Array.from({ length: 10 }, () => retry(ground, target, script)));
    expect(ten.map(({ exitCode }) => exitCode)).toEqual(Array(10).fill(0));
    const calls = readFileSync(join(ground.folder, 'calls'), 'utf8').trim().split('\n');
    // The probe was alone from its beginning to its end.
    expect(calls.slice(0, 2).map((line) => line.split(' ')[0])).toEqual(['begin', 'end']);
    expect(calls.filter((line) => line.startsWith('begin'))).toHaveLength(10);
    expect(existsSync(recordPath(ground))).toBe(false);
  });

  test(`reset by hand; a target without one is wrong usage ${covers('breaker reset')}`, async () => {
    const ground = makeGround();
    for (let call = 0; call < 5; call += 1) {
      await retry(ground, ['--attempts', '1', '--target', 'registry'], 'echo "connection refused" >&2; exit 7');
    }
    const short = await ground.install(['breaker', 'reset', 'registry']);
    expect(short.stderr).toContain('did you mean command:registry?');
    const mistyped = await ground.install(['breaker', 'reset', 'command:registri']);
    expect(mistyped).toMatchObject({ exitCode: 2, stderr: expect.stringContaining('did you mean command:registry?') });
    expect((await ground.install(['breaker', 'reset', 'command:registry'])).exitCode).toBe(0);
    expect((await retry(ground, ['--target', 'registry'], 'true')).exitCode).toBe(0);
  });

  test(`no disk, no breaker: a home that cannot be written keeps nobody from trying ${covers('retry')}`, async () => {
    const ground = makeGround();
    writeFileSync(join(ground.folder, 'file'), '');
    const env = { CONTEXTCORE_HOME: join(ground.folder, 'file', 'home') };
    expect((await retry(ground, ['--target', 'registry'], 'true', env)).exitCode).toBe(0);
  });
});

describe('checkpoint', () => {
  test(`a command runs once, also when its script is run again ${covers('checkpoint')}`, async () => {
    const ground = makeGround();
    const checkpoint = (name: string, script: string, flags: readonly string[] = []) =>
      ground.install(['checkpoint', name, ...flags, '--', 'sh', '-c', script]);
    expect(await checkpoint('database', 'echo made; echo x >> made')).toMatchObject({ exitCode: 0, stdout: 'made\n' });
    const again = await checkpoint('database', 'echo made; echo x >> made');
    expect(again).toMatchObject({ exitCode: 0, stdout: '', stderr: expect.stringContaining('done before') });
    expect((await checkpoint('broken', 'exit 9')).exitCode).toBe(9);
    expect((await checkpoint('broken', 'exit 9')).exitCode).toBe(9);
    await checkpoint('database', 'echo made; echo x >> made', ['--again']);
    expect((await checkpoint('database', 'echo y >> made')).exitCode).toBe(0);
    expect(readFileSync(join(ground.folder, 'made'), 'utf8')).toBe('x\nx\ny\n');
    expect((await checkpoint('bad name', 'true')).exitCode).toBe(2);
  });

  test(`killed in the middle, it is run again ${covers('checkpoint', 'exit 4')}`, async () => {
    const ground = makeGround();
    const words = ['checkpoint', 'slow', '--', 'sh', '-c', 'echo begun; test -e go || sleep 1000'];
    const running = ground.start('contextcore-install', words);
    await running.seen('begun');
    expect((await ground.install(words)).exitCode).toBe(4);
    running.kill('SIGTERM');
    expect((await running.ended).exitCode).toBe(143);
    writeFileSync(join(ground.folder, 'go'), '');
    expect((await ground.install(words)).exitCode).toBe(0);
  });
});
