import { describe, expect, test } from 'vitest';
import { InstallerError } from '../../src/errors/installer-error.ts';
import { formatError } from '../../src/ui/error.ts';
import { widthOf } from '../../src/ui/text.ts';

const VIEW = { color: false, columns: 80 };

describe('the one text of a failure', () => {
  test('tells what failed and why, the command, its last lines, the log and what to type next', () => {
    const error = new InstallerError(
      'step_failed',
      'kubectl exited with 1: the server could not find the requested resource',
      {
        step: 'manifests_apply',
        command: 'kubectl apply -k /k8s',
        childExit: 1,
        tail: ['', 'applying', '', '\u001b[31merror: no matches for kind "X"\u001b[0m', ''],
        log: '/home/you/.contextcore/state/o11y-dev/create-cluster/logs/manifests_apply.2.log',
        hint: 'mend the cause, then carry on: create-cluster --resume',
      },
    );
    expect(formatError(error, VIEW).split('\n')).toEqual([
      '✗ manifests_apply: kubectl exited with 1: the server could not find the',
      '  requested resource',
      '',
      '  command (exit 1)',
      '    kubectl apply -k /k8s',
      '',
      '  last lines of its output',
      '  │ applying',
      '  │ ',
      '  │ error: no matches for kind "X"',
      '',
      '  log  /home/you/.contextcore/state/o11y-dev/create-cluster/logs/manifests_apply.2.log',
      '  next mend the cause, then carry on: create-cluster --resume',
    ]);
  });

  test('findings keep their own layout', () => {
    const lines = ['error    disk: 3.1 GB free, 10 GB needed', '         docker system prune'];
    const error = new InstallerError('preflight_failed', '1 of 14 preflight checks failed', {
      lines,
      hint: 'try again',
    });
    expect(formatError(error, VIEW).split('\n')).toEqual([
      '✗ 1 of 14 preflight checks failed',
      '  error    disk: 3.1 GB free, 10 GB needed',
      '           docker system prune',
      '',
      '  next try again',
    ]);
  });

  test('is one line when nothing else is known', () => {
    expect(formatError(new InstallerError('usage', 'unknown flag: --foo'), VIEW)).toBe('✗ unknown flag: --foo');
  });

  test('an interruption is no failure, and shows no output', () => {
    const error = new InstallerError('interrupted', 'stopped by Ctrl-C (SIGINT)', {
      tail: ['noise'],
      hint: 'carry on with --resume',
    });
    expect(formatError(error, VIEW)).toBe('! stopped by Ctrl-C (SIGINT)\n\n  next carry on with --resume');
  });

  test('long lines of output are bounded', () => {
    const error = new InstallerError('step_failed', 'failed', { tail: ['x'.repeat(10_000)] });
    const lines = formatError(error, VIEW)
      .split('\n')
      .filter((line) => line.includes('│'));
    expect(lines).toHaveLength(3);
    for (const line of lines) expect(widthOf(line)).toBeLessThan(80);
  });

  test('does not obey escape sequences in anything that it shows', () => {
    const evil = '\u001b[2J\u001b]0;x\u0007evil\r';
    const details = { step: 's', command: evil, tail: [evil], log: evil, hint: evil, lines: [evil] };
    expect(formatError(new InstallerError('step_failed', evil, details), VIEW)).not.toMatch(/[^\P{Cc}\n]/u);
  });
});
