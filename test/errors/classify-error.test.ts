import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { classifyError } from '../../src/errors/classify-error.ts';
import type { ErrorClass } from '../../src/errors/error-class.ts';
import { InstallerError } from '../../src/errors/installer-error.ts';

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
    expect(classifyError(await thrownBy(readFile('/no/such/file')))).toBe('not_runnable');
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

  it.each<[string, ErrorClass]>([
    ['write /var/lib/x: no space left on device', 'disk_full'],
    ['toomanyrequests: You have reached your pull rate limit', 'rate_limited'],
    ['manifest unknown: manifest unknown', 'not_found'],
    ['E: Failed to fetch http://x/y  404  Not Found', 'not_found'],
    ['denied: requested access; 401 Unauthorized', 'unauthorized'],
    ['x509: certificate signed by unknown authority', 'tls'],
    ['dial tcp: lookup registry-1.docker.io: no such host', 'dns'],
    ["Temporary failure resolving 'deb.debian.org'", 'dns'],
    ['dial tcp 10.0.0.1:443: i/o timeout', 'network_timeout'],
    ['context deadline exceeded', 'network_timeout'],
    ['read: connection reset by peer', 'network_reset'],
    ['connect: connection refused', 'network_reset'],
    ['HTTP/1.1 503 Service Unavailable', 'server_error'],
    ['syntax error near unexpected token', 'unknown'],
    ['', 'unknown'],
  ])('of a program is told by its output: %s', (line, expected) => {
    expect(classifyError(new InstallerError('step_failed', 'x exited with 1', { tail: ['some line', line] }))).toBe(
      expected,
    );
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
