import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { portCheck } from '../../../../src/steps/preflight/checks/ports.ts';
import { runChecks } from '../../../../src/steps/preflight/run-checks.ts';
import { makeContext, runOne } from '../support.ts';

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  return typeof address === 'object' && address !== null ? address.port : 0;
}

/** A process that holds a port that was free. */
async function startHolder(host: string): Promise<{ holder: ChildProcess; port: number }> {
  const code = `const server = require('net').createServer().listen(0, '${host}', () => console.log(server.address().port))`;
  const child = spawn(process.execPath, ['-e', code, '--', '--password=hunter2'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(async () => {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  });
  const [said] = await once(child.stdout, 'data');
  return { holder: child, port: Number(said) };
}

describe('port', () => {
  it('that is free is left free', async () => {
    const port = await freePort();
    const check = portCheck({ name: 'grafana', port });
    expect(await runOne(check)).toEqual({ level: 'ok', message: 'free' });
    expect(await runOne(check)).toEqual({ level: 'ok', message: 'free' });
  });

  it.each(['127.0.0.1', '0.0.0.0', '::'])('held on %s names the program and its pid, and a free one', async (host) => {
    const { holder, port } = await startHolder(host);
    const found = await runOne(portCheck({ name: 'grafana', port }));
    expect(found?.level).toBe('error');
    expect(found?.message).toBe(`is held by node (pid ${holder.pid})`);
    expect(found?.hint).toMatch(new RegExp(`^stop it \\(kill ${holder.pid}\\), or --port grafana=\\d+$`));
    expect(JSON.stringify(found)).not.toContain('hunter2');
    const proposed = Number(found?.hint?.split('=').at(-1));
    expect(await runOne(portCheck({ name: 'grafana', port: proposed }))).toMatchObject({ level: 'ok' });
  });

  it('is proposed to one of several only, and never where another is needed', async () => {
    const { port } = await startHolder('127.0.0.1');
    const checks = [port, port, port + 1].map((needed, index) => portCheck({ name: `p${index}`, port: needed }));
    const results = await runChecks(checks, await makeContext(), process.env);
    const proposed = results.slice(0, 2).map(({ finding }) => Number(finding.hint?.match(/=(\d+)$/)?.[1]));
    expect(new Set([...proposed, port, port + 1]).size).toBe(4);
  });

  it('held by this very installation is as good as free', async () => {
    const { holder, port } = await startHolder('127.0.0.1');
    const mine = portCheck({ name: 'mimir', port, isOurs: (_port, listener) => listener?.process?.pid === holder.pid });
    expect(await runOne(mine)).toEqual({ level: 'ok', message: 'held by this installation' });
    const others = portCheck({ name: 'mimir', port, isOurs: () => false });
    expect((await runOne(others))?.level).toBe('error');
  });

  it('held after the cluster was made is a warning', async () => {
    const { port } = await startHolder('127.0.0.1');
    const check = portCheck({ name: 'mimir', port, until: 'cluster_create' });
    expect((await runOne(check, { done: ['cluster_create'] }))?.level).toBe('warning');
  });
});
