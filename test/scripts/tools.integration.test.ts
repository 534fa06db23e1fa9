import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { repository } from './bare-clone.ts';

function run(script: string, ...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(repository, script), ...args], {
    encoding: 'utf8',
  });
  return { exitCode: status, stdout, stderr };
}

test.each([
  ['scripts/crash.ts', 'usage: scripts/crash --provider'],
  ['bench/main.ts', 'usage: scripts/bench [--json]'],
])('%s --help says how it is used', (script, usage) => {
  for (const word of ['--help', '-h']) {
    const ended = run(script, word);
    expect(ended, word).toMatchObject({ exitCode: 0, stderr: '' });
    expect(ended.stdout).toContain(usage);
  }
});

test.each([
  [['--provider', 'vmware'], '--provider takes one of kind, host, plan'],
  [['--provider', 'plan', '--count', '0'], '--count takes a number from 1'],
  [['--provider', 'plan', '--seed', 'x'], '--seed takes a whole number'],
  [['--bogus'], "Unknown option '--bogus'"],
])('scripts/crash %j is wrong usage', (args, said) => {
  const ended = run('scripts/crash.ts', ...args);
  expect(ended.exitCode).toBe(2);
  expect(ended.stderr).toMatch(/^error: /);
  expect(ended.stderr).toContain(said);
  expect(ended.stderr).toContain('usage: scripts/crash');
});
