import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { EngineEvent } from '../../../src/engine/events.ts';
import { type PlayOptions, playPlan } from '../../support/play-plan.ts';
import { makeSshServer, missingForSsh, type SshServer } from '../../support/servers/sshd.ts';

function remote({ port, user, config }: SshServer, command: string, options: PlayOptions & { more?: string } = {}) {
  const settings = `{ host: 127.0.0.1, port: ${port}, user: ${user}, config: ${config}, command: ${JSON.stringify(command)} }`;
  return playPlan(`steps:\n  - id: remote\n    ${options.more ?? ''}\n    ssh: ${settings}\n`, options);
}

const why = missingForSsh();

describe.skipIf(why !== undefined)(`ssh${why === undefined ? '' : ` (skipped: ${why})`}`, () => {
  it('runs a command on the other side, with its output in the log', async () => {
    const server = await makeSshServer();
    await server.start();
    const { error, log, steps } = await remote(
      server,
      `echo "over $SSH_CONNECTION" && touch ${join(server.folder, 'made')}`,
    );
    expect(error).toBeUndefined();
    expect(log).toContain('over 127.0.0.1');
    expect(existsSync(join(server.folder, 'made'))).toBe(true);
    expect(steps.get('remote')?.inputs?.ssh).toBe(`${server.user}@127.0.0.1:${server.port}`);
  });

  it('tries again while nobody listens', async () => {
    const server = await makeSshServer();
    const refused = Promise.withResolvers<void>();
    const listen = ({ type }: EngineEvent) => {
      if (type === 'target_tried') refused.resolve();
    };
    const run = remote(server, 'echo hello', { more: 'attempts: 40\n    delay: 500ms', random: () => 0.99, listen });
    await refused.promise;
    await server.start();
    const { error, tried, log } = await run;
    expect(error).toBeUndefined();
    expect(tried.at(-1)).toBe('ok');
    expect(new Set(tried.slice(0, -1))).toEqual(new Set(['network_reset']));
    expect(log).toContain('hello');
  });

  it('gives up after five attempts', async () => {
    const { error, tried } = await remote(await makeSshServer(), 'true');
    expect(error?.message).toMatch(/^ssh could not reach 127\.0\.0\.1: .*Connection refused/);
    expect(tried).toEqual(Array(5).fill('network_reset'));
  });

  it('does not try again what a failed command says of itself, nor a key that is refused', async () => {
    const server = await makeSshServer();
    await server.start();
    const failed = await remote(server, 'echo broken >&2; exit 3');
    expect(failed.error).toMatchObject({ message: 'the command on 127.0.0.1 exited with 3' });
    expect(failed.error?.details.tail).toContain('broken');
    expect(failed.tried).toEqual(['unknown']);
    const refused = await remote({ ...server, user: 'nobody-of-that-name' }, 'true');
    expect(refused.error?.class).toBe('unauthorized');
    expect(refused.error?.details.hint).toContain('nobody is asked for a password');
    expect(refused.tried).toEqual(['unauthorized']);
  });

  it('does not try again with a host key that has changed', async () => {
    const server = await makeSshServer();
    server.changeHostKey();
    await server.start();
    const { error, tried } = await remote(server, 'true');
    expect(error?.class).toBe('tls');
    expect(error?.details.hint).toContain('ssh-keygen -R 127.0.0.1');
    expect(tried).toEqual(['tls']);
  });

  it('ends a command that takes longer than its time, and one of a run that is stopped', async () => {
    const server = await makeSshServer();
    await server.start();
    const long = await remote(server, 'sleep 60', { more: 'timeout: 1s\n    attempts: 1' });
    expect(long.error?.class).toBe('network_timeout');
    const stop = new AbortController();
    const run = remote(server, `touch ${join(server.folder, 'begun')}; sleep 60`, { signal: stop.signal });
    while (!existsSync(join(server.folder, 'begun'))) await sleep(20);
    stop.abort(new Error('stopped'));
    expect((await run).error?.message).toContain('stopped');
  });
});
