import { execFileSync, spawnSync } from 'node:child_process';
import { chmod, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Finding } from '../../../../src/steps/preflight/check.ts';
import { writableCheck } from '../../../../src/steps/preflight/checks/user-rights.ts';
import { makeTempFolder } from '../../../support/temp-folder.ts';
import { runOne } from '../support.ts';

describe('rights', () => {
  it('are looked at without writing anything', async () => {
    const folder = await makeTempFolder();
    expect(await runOne(writableCheck(join(folder, 'a', 'b')))).toMatchObject({ level: 'ok' });
    expect(await readdir(folder)).toEqual([]);
  });

  it('on a read-only file system are an error', async ({ skip }) => {
    const folder = await makeTempFolder();
    try {
      execFileSync('/bin/mount', ['-t', 'tmpfs', '-o', 'ro,size=1m', 'tmpfs', folder], { stdio: 'ignore' });
    } catch {
      skip('a file system can only be mounted as root');
    }
    onTestFinished(() => {
      execFileSync('/bin/umount', [folder]);
    });
    const found = await runOne(writableCheck(join(folder, 'home')));
    expect(found).toMatchObject({ level: 'error', message: expect.stringContaining('read-only') });
    expect(found?.hint).toContain('CONTEXTCORE_HOME');
  });

  it('that are missing are an error with the command', async ({ skip }) => {
    const folder = await makeTempFolder();
    await chmod(folder, 0o555);
    const found = process.getuid?.() === 0 ? asNobody(folder) : await runOne(writableCheck(folder));
    if (found === undefined) skip('another user may not read this repository');
    expect(found).toMatchObject({ level: 'error', message: expect.stringContaining('belongs to uid') });
    expect(found?.hint).toMatch(/^sudo chown -R \S+ /);
  });
});

/** Root may write everywhere: the check runs as nobody. */
function asNobody(folder: string): Finding | undefined {
  const module = join(import.meta.dirname, '../../../../src/steps/preflight/checks/user-rights.ts');
  const code = `const { writableCheck } = await import('${module}');
    console.log(JSON.stringify(await writableCheck('${folder}').run({})));`;
  const args = ['--input-type=module', '-e', code];
  const child = spawnSync(process.execPath, args, { uid: 65_534, gid: 65_534, encoding: 'utf8', env: {} });
  return child.status === 0 ? JSON.parse(child.stdout) : undefined;
}
