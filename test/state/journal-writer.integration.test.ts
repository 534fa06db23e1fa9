import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { makeTempFolder } from '../support/temp-folder.ts';
import { whyNoFaults } from './crash/harness.ts';

const FIXTURE = fileURLToPath(new URL('../support/fixtures/slow-journal.ts', import.meta.url));
const noFaults = whyNoFaults();

describe.skipIf(noFaults !== undefined)(`a slow disk${noFaults === undefined ? '' : ` (skipped: ${noFaults})`}`, () => {
  it('does not hold up what else there is to do', async () => {
    const path = join(await makeTempFolder(), 'journal');
    // Far longer than a busy machine lets a process wait.
    const slow = ['-e', 'trace=fdatasync', '-e', 'inject=fdatasync:delay_enter=300000'];
    const { stdout, stderr } = spawnSync(
      'strace',
      ['-f', '-qq', '-o', '/dev/null', ...slow, process.execPath, FIXTURE, path],
      { encoding: 'utf8' },
    );
    expect(stderr).toBe('');
    const heard = JSON.parse(stdout) as number[];
    expect(heard).toHaveLength(10);
    expect(heard).not.toContain(0);
    expect(readFileSync(path, 'utf8')).toMatch(/^(a line\n){10}\0*$/);
  });
});
