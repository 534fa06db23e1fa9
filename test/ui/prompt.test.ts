import { PassThrough } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { InstallerError } from '../../src/errors/installer-error.ts';
import { createConsent } from '../../src/ui/prompt.ts';
import { collectOutput } from '../support/terminal.ts';

function open(options: { yes?: boolean; interactive?: boolean; signal?: AbortSignal } = {}) {
  const stdin = new PassThrough();
  const stderr = collectOutput();
  const calls: string[] = [];
  const reporter = { pause: () => calls.push('pause'), resume: () => calls.push('resume') };
  const consent = createConsent({ yes: false, interactive: true, ...options, stdin, stderr, reporter });
  return { stdin, stderr, calls, consent };
}

describe('a question', () => {
  test('lists what it is about, and makes the list of steps wait', async () => {
    const { stdin, stderr, calls, consent } = open();
    const answer = consent('Get what is missing: kind?', ['kind 0.33.0 from github.com', 'into ~/.contextcore/bin']);
    stdin.write('y\n');
    await answer;
    expect(stderr.text).toBe(
      '    kind 0.33.0 from github.com\n    into ~/.contextcore/bin\n? Get what is missing: kind? [y/N] ',
    );
    expect(calls).toEqual(['pause', 'resume']);
  });

  test.each(['y', 'Y', 'yes', ' YES '])('%j is yes', async (word) => {
    const { stdin, consent } = open();
    const answer = consent('Go on?');
    stdin.write(`${word}\n`);
    await expect(answer).resolves.toBeUndefined();
  });

  test.each(['', 'n', 'no', 'yo', 'yesno'])('%j is no', async (word) => {
    const { stdin, calls, consent } = open();
    const answer = consent('Go on?', ['this']);
    stdin.write(`${word}\n`);
    await expect(answer).rejects.toMatchObject({ code: 'consent_declined', exitCode: 6, details: { lines: ['this'] } });
    expect(calls).toEqual(['pause', 'resume']);
  });

  test('the end of the input is no', async () => {
    const { stdin, consent } = open();
    const answer = consent('Go on?');
    stdin.end();
    await expect(answer).rejects.toMatchObject({ code: 'consent_declined' });
  });

  test('two at once are asked one after the other', async () => {
    const { stdin, stderr, consent } = open();
    const first = consent('First?');
    const second = consent('Second?');
    await new Promise((resolve) => setImmediate(resolve));
    expect(stderr.text).not.toContain('Second');
    stdin.write('no\n');
    await expect(first).rejects.toBeInstanceOf(InstallerError);
    await new Promise((resolve) => setImmediate(resolve));
    expect(stderr.text).toContain('Second');
    stdin.write('y\n');
    await expect(second).resolves.toBeUndefined();
  });

  test('is not asked with --yes', async () => {
    const { stderr, consent } = open({ yes: true, interactive: false });
    await consent('Go on?');
    expect(stderr.text).toBe('');
  });

  test('without a terminal it names --yes', async () => {
    const { consent } = open({ interactive: false });
    await expect(consent('Go on?', ['this'])).rejects.toMatchObject({
      code: 'consent_needed',
      exitCode: 2,
      details: { lines: ['this'], hint: expect.stringContaining('--yes') },
    });
  });

  test('ends with the reason of an interruption', async () => {
    const controller = new AbortController();
    const { stderr, calls, consent } = open({ signal: controller.signal });
    const answer = consent('Go on?');
    const reason = new InstallerError('interrupted', 'stopped by Ctrl-C (SIGINT)');
    setImmediate(() => controller.abort(reason));
    await expect(answer).rejects.toBe(reason);
    expect(stderr.text).toBe('? Go on? [y/N] \n');
    expect(calls).toEqual(['pause', 'resume']);
    await expect(consent('Another?')).rejects.toBe(reason);
  });
});
