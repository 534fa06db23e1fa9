import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { findProgram, whichProgram } from '../../../src/steps/tools/find-program.ts';
import { PINS } from '../../../src/steps/tools/pins.ts';
import { isAtLeast, parseVersion } from '../../../src/steps/tools/version.ts';
import { makeStepContext } from '../../support/step-context.ts';
import { makeTempFolder } from '../../support/temp-folder.ts';

/** Writes programs that print a text, and gives a search over `path` folders and `bin`. */
async function setUp(programs: Record<string, string>, folders: readonly string[]) {
  const root = await makeTempFolder();
  for (const [file, body] of Object.entries(programs)) {
    await mkdir(join(root, file, '..'), { recursive: true });
    await writeFile(join(root, file), `#!/bin/sh\n${body}\n`);
    await chmod(join(root, file), 0o755);
  }
  const { query } = await makeStepContext();
  const PATH = folders.map((folder) => (folder.startsWith('.') ? folder : join(root, folder))).join(':');
  return { root, options: { env: { PATH }, binDir: join(root, 'bin'), query } };
}

describe('findProgram', () => {
  it('takes the first on the PATH that runs and is new enough, and says why others were not taken', async () => {
    const { root, options } = await setUp(
      {
        'old/kind': 'echo "kind v0.11.1 go1.16.4 linux/amd64"',
        'broken/kind': 'echo "kind v0.99.0"; exit 3',
        'mute/kind': 'exit 0',
        'good/kind': 'echo "kind v0.24.0 go1.22.6 linux/amd64"',
        'bin/kind': 'echo "kind v0.33.0"',
      },
      ['old', 'broken', 'mute', 'nowhere', 'good'],
    );
    const { found, rejected } = await findProgram(PINS.kind, options);
    expect(found).toEqual({ name: 'kind', path: join(root, 'good/kind'), version: '0.24.0', from: 'path' });
    expect(rejected.map(({ why }) => why)).toEqual([
      '0.11.1 is older than 0.20.0',
      'does not run: "version" exits with 3',
      'does not tell its version',
    ]);
  });

  it('falls back to the folder of downloaded programs', async () => {
    const { root, options } = await setUp({ 'bin/kubectl': 'echo "Client Version: v1.34.4"' }, []);
    expect((await findProgram(PINS.kubectl, options)).found).toMatchObject({
      path: join(root, 'bin/kubectl'),
      from: 'bin',
    });
  });

  it('knows a program by the name its distribution gives it', async () => {
    const text = 'echo "alertmanager, version 0.25.0 (branch: debian/sid, revision: 0.25.0-1+b4)" >&2';
    const { options } = await setUp({ 'usr/prometheus-alertmanager': text }, ['usr']);
    expect((await findProgram(PINS.alertmanager, options)).found?.version).toBe('0.25.0');
  });

  it('does not take a folder, a file that is not executable, or a relative entry of the PATH', async () => {
    const { root, options } = await setUp({ 'a/kind/inside': '' }, ['a', 'b', '.']);
    await mkdir(join(root, 'b'));
    await writeFile(join(root, 'b/kind'), '');
    expect(await findProgram(PINS.kind, options)).toEqual({ rejected: [] });
    expect(await whichProgram('kind', options.env)).toBeUndefined();
  });

  it('rejects a program that cannot be started', async () => {
    const { root, options } = await setUp({ 'a/kind': '' }, ['a']);
    await writeFile(join(root, 'a/kind'), '#!/no/such/interpreter\n');
    const { found, rejected } = await findProgram(PINS.kind, options);
    expect(found).toBeUndefined();
    expect(rejected[0]?.why).toContain('does not run');
  });
});

describe('versions', () => {
  it.each([
    ['kind v0.33.0 go1.26.8 linux/amd64', '0.33.0'],
    ['Client Version: v1.34.4\nKustomize Version: v5.7.1', '1.34.4'],
    ['prometheus, version 2.42.0+ds (branch: debian/sid, revision: 2.42.0+ds-5+b5)\n  go version: go1.19.8', '2.42.0'],
    ['prometheus, version 3.15 (branch: , revision: unknown)', '3.15'],
    ['no numbers here', undefined],
  ])('reads %j', (output, version) => {
    expect(parseVersion(output)).toBe(version);
  });

  it.each([
    ['0.20.0', '0.20.0', true],
    ['0.19.9', '0.20.0', false],
    ['1.0', '0.20.5', true],
    ['3.15', '3.15.0', true],
    ['2.9.0', '2.10.0', false],
  ])('%s is at least %s: %s', (version, minimum, expected) => {
    expect(isAtLeast(version, minimum)).toBe(expected);
  });
});
