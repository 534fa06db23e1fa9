import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { makeGround } from '../support/cli.ts';
import { writeFile } from '../support/cli-files.ts';
import { startSite } from '../support/http-site.ts';
import { isRunning } from '../support/processes.ts';
import { covers } from './interface.ts';

describe('wait', () => {
  test(`ends as soon as an address answers well, and says what it waited for ${covers('wait', 'exit 0')}`, async () => {
    const { start } = makeGround();
    const site = await startSite({ '/': (_request, response) => response.writeHead(503).end('starting up') });
    onTestFinished(() => site.close());
    const cli = start('contextcore-install', ['wait', '--interval', '50ms', `${site.url}/`]);
    await cli.seen('not ready: answered 503: starting up');
    site.pages['/'] = 'fine';
    const { exitCode, stdout, stderr } = await cli.ended;
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: '' });
    expect(stderr).toMatch(/\/ is ready after [\d.]+ s: answered 200: fine/);
  });

  test(`exits with 1 and the last reason when the time is over ${covers('wait', 'exit 1')}`, async () => {
    const { install } = makeGround();
    // Nobody listens there. Its refusal comes within that time also on a busy machine.
    const args = ['wait', 'tcp://127.0.0.1:1', '--timeout', '2s', '--interval', '50ms'];
    const plain = await install(args);
    expect(plain).toMatchObject({ exitCode: 1, stdout: '' });
    expect(plain.stderr).toContain('was not ready within 2 s: connect ECONNREFUSED 127.0.0.1:1');
    const json = await install([...args, '--json']);
    expect(json.exitCode).toBe(1);
    expect(JSON.parse(json.stdout)).toMatchObject({
      target: 'tcp://127.0.0.1:1',
      ready: false,
      reason: expect.stringContaining('ECONNREFUSED'),
    });
  });

  test(`waits for ports, files and commands ${covers('wait', '--json', '--quiet')}`, async () => {
    const { install, start, folder } = makeGround();
    const server = createServer((socket) => socket.end()).listen(0, '127.0.0.1');
    onTestFinished(() => void server.close());
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    const found = await install(['wait', `tcp://127.0.0.1:${port}`, '--json', '--quiet']);
    expect(found).toMatchObject({ exitCode: 0, stderr: '' });
    expect(JSON.parse(found.stdout)).toMatchObject({ ready: true, answer: 'connected', looks: 1 });
    const command = start('contextcore-install', ['wait', '--interval', '50ms', '--', 'cat', 'made']);
    await command.seen('not ready: exited with 1: cat: made');
    writeFile(folder, 'made', 'the answer\n');
    expect(await command.ended).toMatchObject({ exitCode: 0, stderr: expect.stringContaining(': the answer') });
    expect((await install(['wait', 'file:made'])).exitCode).toBe(0);
  });

  test(`Ctrl-C ends it, and the command it looks by ${covers('exit 130', 'wait')}`, async () => {
    const { start, folder } = makeGround();
    const cli = start('contextcore-install', [
      'wait',
      '--',
      'sh',
      '-c',
      'echo $$ > pid.part && mv pid.part pid; sleep 1000',
    ]);
    while (!existsSync(join(folder, 'pid'))) await new Promise((resolve) => setTimeout(resolve, 20));
    cli.kill('SIGINT');
    expect((await cli.ended).exitCode).toBe(130);
    expect(isRunning(Number(readFileSync(join(folder, 'pid'), 'utf8')))).toBe(false);
  });

  test(`wrong usage is told, and nothing is waited for ${covers('exit 2', 'wait')}`, async () => {
    const { install } = makeGround();
    const cases: readonly (readonly [string[], string])[] = [
      [['wait'], 'wait takes a target, or a command behind --'],
      [['wait', 'file:x', '--', 'true'], 'wait takes a target, or a command behind --'],
      [['wait', 'db:5432'], '"db:5432" cannot be waited for'],
      [['wait', 'file:x', '--timeout', 'soon'], '--timeout soon: not a duration'],
      [['wait', 'file:x', '--intervall', '1s'], 'did you mean --interval?'],
    ];
    for (const [args, said] of cases) {
      const { exitCode, stderr } = await install(args);
      expect(exitCode, args.join(' ')).toBe(2);
      expect(stderr).toContain(said);
    }
    expect((await install(['wait', '--', 'no-such-program'])).exitCode).toBe(1);
  });
});
