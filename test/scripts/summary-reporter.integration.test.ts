import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { repository } from './bare-clone.ts';

// Inside the repository, so that vitest is found from there; .cache is nobody's source.
const folder = join(repository, '.cache', `summary-${process.pid}`);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Runs vitest with our reporter on files written for the purpose. */
function runTests(name: string, files: Readonly<Record<string, string>>): { exitCode: number | null; lines: string[] } {
  const own = join(folder, name);
  mkdirSync(own, { recursive: true });
  writeFileSync(join(own, 'vitest.config.mjs'), 'export default { test: { passWithNoTests: false } };\n');
  for (const [file, text] of Object.entries(files)) {
    writeFileSync(join(own, file), `import { describe, expect, test } from 'vitest';\n${text}`);
  }
  const { status, stdout } = spawnSync(
    process.execPath,
    [
      join(repository, 'node_modules/vitest/vitest.mjs'),
      ...['run', `--root=${own}`, '--reporter=default'],
      `--reporter=${join(repository, 'scripts/summary-reporter.ts')}`,
    ],
    { encoding: 'utf8', env: { ...process.env, VITEST: undefined } },
  );
  return { exitCode: status, lines: stdout.trimEnd().split('\n') };
}

describe('the last line of the tests', () => {
  test('counts passed, failed and skipped, and skipped ones are explained', () => {
    const ended = runTests('mixed', {
      'a.test.ts': `
        test('good', () => expect(1).toBe(1));
        test('bad', () => expect(1).toBe(2));
        test('missing', (context) => context.skip('no mimir on the PATH'));`,
    });
    expect(ended.exitCode).toBe(1);
    expect(ended.lines.at(-1)).toBe('1 passed, 1 failed, 1 skipped');
    expect(ended.lines).toContain('skipped: no mimir on the PATH');
  });

  test('counts a file that cannot be loaded as failed', () => {
    const ended = runTests('broken', { 'a.test.ts': `test('good', () => {});`, 'b.test.ts': `throw new Error('no');` });
    expect(ended).toMatchObject({ exitCode: 1 });
    expect(ended.lines.at(-1)).toBe('1 passed, 1 failed, 0 skipped');
  });

  test('is a failure when no test ran at all', () => {
    const ended = runTests('idle', { 'a.test.ts': `test('missing', (context) => context.skip('nothing here'));` });
    expect(ended.exitCode).toBe(1);
    expect(ended.lines.at(-1)).toBe('0 passed, 0 failed, 1 skipped');
  });

  test('is there, with exit code 0, when all is well', () => {
    const ended = runTests('well', { 'a.test.ts': `test('good', () => expect(1).toBe(1));` });
    expect(ended.exitCode).toBe(0);
    expect(ended.lines.at(-1)).toBe('1 passed, 0 failed, 0 skipped');
  });
});
