import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { classifyError } from '../../src/errors/classify-error.ts';
import { type ErrorDetails, InstallerError } from '../../src/errors/installer-error.ts';

const thrownBy = (promise: Promise<unknown>) =>
  promise.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );

describe('the class of a failure', () => {
  it('of real failures is told by their errno, through all causes', async () => {
    const server = createServer((socket) => socket.resetAndDestroy());
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    const reset = await thrownBy(fetch(`http://127.0.0.1:${port}/`));
    expect(classifyError(reset)).toBe('network_reset');
    server.close();
    await once(server, 'close');
    expect(classifyError(await thrownBy(fetch(`http://127.0.0.1:${port}/`)))).toBe('network_reset');
    expect(classifyError(await thrownBy(fetch('http://no-such-host.invalid/')))).toBe('dns');
    expect(classifyError(await thrownBy(readFile('/no/such/file')))).toBe('not_found');
    const [unspawned] = await once(spawn('/no/such/program'), 'error');
    expect(classifyError(unspawned)).toBe('not_runnable');
    expect(classifyError(await thrownBy(fetch('http://127.0.0.1:1/', { signal: AbortSignal.abort() })))).toBe(
      'cancelled',
    );
    const timeout = AbortSignal.timeout(1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(classifyError(timeout.reason)).toBe('network_timeout');
  });

  it('that is known already is kept, even below others', () => {
    const inner = new InstallerError('step_failed', 'sum differs', { class: 'checksum' });
    expect(classifyError(inner)).toBe('checksum');
    expect(classifyError(new Error('outer', { cause: new Error('middle', { cause: inner }) }))).toBe('checksum');
  });

  it('of a child is told by the last lines of its output, else by the exit code of its program', () => {
    const failed = (details: ErrorDetails) => classifyError(new InstallerError('step_failed', 'failed', details));
    const tail = ['some line', 'dial tcp: lookup registry-1.docker.io: no such host'];
    expect(failed({ command: 'docker pull x', childExit: 1, tail })).toBe('dns');
    expect(failed({ tail })).toBe('dns');
    expect(failed({ command: '/usr/bin/curl -s x', childExit: 28 })).toBe('network_timeout');
    expect(failed({ command: '/usr/bin/make x', childExit: 28 })).toBe('unknown');
    expect(failed({ command: 'x', childExit: 1, tail: ['syntax error near unexpected token'] })).toBe('unknown');
    expect(failed({})).toBe('unknown');
  });

  it('of anything else is not known', () => {
    expect(classifyError(new TypeError('bug'))).toBe('unknown');
    expect(classifyError('a string')).toBe('unknown');
    expect(classifyError(undefined)).toBe('unknown');
    const loop = new Error('loop') as Error & { cause?: unknown };
    loop.cause = loop;
    expect(classifyError(loop)).toBe('unknown');
  });
});
