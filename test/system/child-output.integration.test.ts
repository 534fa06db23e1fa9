import { once } from 'node:events';
import { readFileSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { InstallerError } from '../../src/errors/installer-error.ts';
import { logFile, members, PATH, SECRET, startChild, startEngine } from '../support/children.ts';
import { makeStepContext } from '../support/step-context.ts';

const read = (path: string) => readFileSync(path, 'utf8');

describe('output', () => {
  it('goes to the log by descriptor, both streams in order, readable by us alone', async () => {
    const path = await logFile();
    const child = await startChild('echo one; echo two >&2; printf three', { to: 'log', path });
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
    const child = await startChild(script, { to: 'masked', path });
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
    const { engine } = await startEngine({ script, run: 'masked-kill', log: path, secret: SECRET });
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
      const child = await startChild('sleep 100 & echo started', { to, path });
      expect(await child.result).toMatchObject({ exitCode: 0 });
      expect(members(child.pid)).toHaveLength(1);
      if (to === 'log') expect(read(path)).toBe('started\n');
    },
  );

  it('is dropped when there is no place for the log', async () => {
    const child = await startChild('echo lost', { to: 'log', path: '/nonexistent/folder/step.log' });
    expect(await child.result).toMatchObject({ exitCode: 0 });
    const masked = await startChild('echo lost', { to: 'masked', path: '/nonexistent/folder/step.log' });
    expect(await masked.result).toMatchObject({ exitCode: 0 });
  });
});
