import { describe, expect, test } from 'vitest';
import { parseCommandLine } from '../../src/cli/program.ts';

const refusal = (...argv: readonly string[]) =>
  parseCommandLine('contextcore-install', argv, '').then(
    () => undefined,
    (error: { message: string; details: { hint?: string } }) => `${error.message} | ${error.details.hint}`,
  );

describe('wrong usage', () => {
  test('an unknown flag is named, also when it has taken the last argument for its value', async () => {
    expect(await refusal('apt', 'install', '--atempts', '3')).toMatch(
      /unknown flag --atempts \| did you mean --attempts\?/,
    );
    expect(await refusal('validate', '--bogus', 'plan.yaml')).toMatch(/unknown flag --bogus/);
  });

  test('what is missing is missing when all flags are known', async () => {
    expect(await refusal('validate', '--json')).toMatch(
      /^contextcore-install validate: PLAN is missing \| PLAN: YAML file, .*contextcore-install validate --help/,
    );
    expect(await refusal('images', 'check')).toMatch(/^contextcore-install images check: FILE is missing/);
  });

  test('the command to run is told to stand behind --, with what was typed', async () => {
    const typed = 'contextcore-install retry --attempts 2 -- curl -f http://127.0.0.1/';
    const words = ['--attempts', '2', 'curl', '-f', 'http://127.0.0.1/'];
    expect(await refusal('retry', ...words)).toBe(
      `contextcore-install retry: the command to run stands behind -- | ${typed}`,
    );
    expect(await refusal('checkpoint', 'users', 'add users')).toMatch(/install checkpoint users -- 'add users'$/);
    expect(await refusal('retry', '--atempts', '2', '--', 'true')).toMatch(/unknown flag --atempts/);
  });

  test('a command behind -- is taken where there is one, with flags that are not ours', async () => {
    const found = await parseCommandLine('contextcore-install', ['retry', '--', 'ls', '--bogus'], '');
    expect(found).toMatchObject({ command: 'retry', rest: ['ls', '--bogus'] });
    expect(await refusal('history', '--', 'ls')).toMatch(/unknown command or argument: ls/);
  });
});
