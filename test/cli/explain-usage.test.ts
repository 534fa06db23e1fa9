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
    expect(await refusal('validate', '--json')).toMatch(/something is missing/);
  });

  test('a command behind -- is taken where there is one, with flags that are not ours', async () => {
    const found = await parseCommandLine('contextcore-install', ['retry', '--', 'ls', '--bogus'], '');
    expect(found).toMatchObject({ command: 'retry', rest: ['ls', '--bogus'] });
    expect(await refusal('history', '--', 'ls')).toMatch(/unknown command or argument: ls/);
  });
});
