import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { EngineEvent } from '../../../src/engine/events.ts';
import { findFreePort } from '../../support/free-port.ts';
import { startSite } from '../../support/http-site.ts';
import { type PlayOptions, playPlan } from '../../support/play-plan.ts';
import { makeTempFolder } from '../../support/temp-folder.ts';

function waitFor(settings: string, options: PlayOptions = {}) {
  return playPlan(`steps:\n  - id: waits\n    wait: ${settings}\n`, options);
}

/** What to give a run so that a test can wait until a step has looked in vain. */
function hearNotReady() {
  const vain = new Set<string>();
  const listen = (event: EngineEvent) => {
    if (event.type === 'step_progress' && event.message.startsWith('not ready: ')) vain.add(event.step);
  };
  return { vain, listen };
}

/** Polls until something has happened, or the run has ended without it. */
async function until(happened: () => boolean, run: Promise<unknown>): Promise<void> {
  let over = false;
  void run.finally(() => {
    over = true;
  });
  while (!happened() && !over) await sleep(10);
}

describe('wait', () => {
  it('for an address that is not well yet, and tells why', async () => {
    const site = await startSite({
      '/ready': (_request, response) => response.writeHead(503).end('Ingester not ready'),
    });
    onTestFinished(() => site.close());
    const run = waitFor(`{ target: '${site.url}/ready', interval: 20ms, matches: ^ready }`);
    await until(() => site.requests.length > 2, run);
    site.pages['/ready'] = 'starting';
    await until(() => site.requests.length > 6, run);
    site.pages['/ready'] = 'ready';
    const { error, log, tried } = await run;
    expect(error).toBeUndefined();
    expect(log).toContain('not ready: answered 503: Ingester not ready');
    expect(log).toContain('not ready: the body does not match /^ready/: starting');
    expect(log).toContain('ready: answered 200: ready');
    expect(tried, 'looks are no failures of a service').toEqual([]);
  });

  it('for a port that is opened later', async () => {
    const port = await findFreePort();
    const server = createServer((socket) => socket.end());
    onTestFinished(() => void server.close());
    const { vain, listen } = hearNotReady();
    const run = waitFor(`{ target: 'tcp://127.0.0.1:${port}', interval: 20ms }`, { listen });
    await until(() => vain.size > 0, run);
    server.listen(port, '127.0.0.1');
    const { error, log } = await run;
    expect(error).toBeUndefined();
    expect(log).toContain('not ready: connect ECONNREFUSED');
  });

  it('for a file or a command, in the folder of the plan', async () => {
    const folder = await makeTempFolder();
    const { vain, listen } = hearNotReady();
    const run = playPlan(
      `
steps:
  - { id: file, needs: [], wait: { target: 'file:made', interval: 20ms } }
  - { id: command, needs: [], wait: { command: 'test -f made || { echo not made >&2; exit 3; }', interval: 20ms } }
`,
      { folder, listen },
    );
    await until(() => vain.size === 2, run);
    await writeFile(join(folder, 'made'), '');
    const { error, log } = await run;
    expect(error).toBeUndefined();
    expect(log).toContain('not ready: no such file');
    expect(log).toContain('not ready: exited with 3: not made');
  });

  it('says the last reason when the time is over, and is not tried again', async () => {
    const port = await findFreePort();
    const { error, steps } = await waitFor(`{ target: 'tcp://127.0.0.1:${port}', timeout: 100ms, interval: 20ms }`);
    expect(error?.message).toBe(
      `tcp://127.0.0.1:${port} was not ready within 0.1 s: connect ECONNREFUSED 127.0.0.1:${port}`,
    );
    expect(steps.get('waits')?.attempts).toBe(1);
  });

  it('sees at once what is ready already, and stops with the run', async () => {
    const folder = await makeTempFolder();
    await writeFile(join(folder, 'there'), '');
    const { steps, events } = await waitFor('file:there', { folder });
    expect(steps.get('waits')?.status).toBe('completed');
    expect(events.some(({ type }) => type === 'attempt_started')).toBe(false);
    const stop = new AbortController();
    const hanging = createServer(() => undefined).listen(0, '127.0.0.1');
    onTestFinished(() => void hanging.close());
    const run = waitFor('{ command: "sleep 60" }', { signal: stop.signal });
    setTimeout(() => stop.abort(new Error('stopped')), 200);
    expect((await run).error?.message).toContain('stopped');
  });

  it.each([
    ['{ target: "ftp://x" }', /plan\.yaml:3: steps\.0\.wait\.target: "ftp:\/\/x" cannot be waited for/],
    ['{ target: "tcp://x:0" }', /cannot be waited for/],
    ['{}', /takes a target or a command/],
    ['{ target: "file:x", command: x }', /takes a target or a command/],
    ['{ target: "file:x", status: 200 }', /steps\.0\.wait\.status: is for answers over HTTP/],
    ['{ target: "http://x/", matches: "(" }', /steps\.0\.wait\.matches: Invalid regular expression/],
    ['{ target: "file:x", interval: soon }', /waits\.wait\.interval soon: not a duration/],
  ])('refuses %s', async (settings, message) => {
    await expect(waitFor(settings)).rejects.toThrow(message);
  });
});
