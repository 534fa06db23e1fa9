import { execFileSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { lacksAssets, relativeOfLength, relocateProgram } from '../../../src/steps/tools/relocate.ts';
import { makeTempFolder } from '../../support/temp-folder.ts';

const ASSETS = '/usr/share/no-such-program/files';

describe('a program with a fixed folder', () => {
  it.each([ASSETS, `${ASSETS}x`, '/opt/assets'])('looks beside itself by a path as long as %s', (path) => {
    const relative = relativeOfLength(path);
    expect(relative).toHaveLength(path.length);
    expect(normalize(relative)).toBe('assets');
  });

  it('runs from where it was placed, whoever calls it from wherever', async () => {
    const root = await makeTempFolder();
    await mkdir(join(root, 'usr/bin'), { recursive: true });
    await mkdir(join(root, ASSETS), { recursive: true });
    await writeFile(join(root, ASSETS, 'text'), 'from the package');
    const member = 'usr/bin/tool';
    await writeFile(join(root, member), `#!/bin/sh\ncat ${ASSETS}/text; echo " for $1"\n`, { mode: 0o755 });
    expect(await lacksAssets(join(root, member), ASSETS)).toBe(true);
    const bin = await makeTempFolder();
    const script = await relocateProgram(root, member, ASSETS, await makeTempFolder(), join(bin, 'tool-1.d'));
    await writeFile(join(bin, 'tool'), script, { mode: 0o755 });
    expect(execFileSync(join(bin, 'tool'), ['a b'], { encoding: 'utf8', cwd: '/' })).toBe('from the package for a b\n');
    expect(await lacksAssets(join(bin, 'tool-1.d/tool'), ASSETS)).toBe(false);
    // A second installer at the same time finds the place taken and is content.
    expect(await relocateProgram(root, member, ASSETS, await makeTempFolder(), join(bin, 'tool-1.d'))).toBe(script);
    expect(await readFile(join(bin, 'tool-1.d/assets/text'), 'utf8')).toBe('from the package');
  });

  it('is left alone where the folder is there, or the program does not know it', async () => {
    const folder = await makeTempFolder();
    await writeFile(join(folder, 'tool'), `cat ${folder}/x`);
    expect(await lacksAssets(join(folder, 'tool'), folder)).toBe(false);
    expect(await lacksAssets(join(folder, 'tool'), ASSETS)).toBe(false);
  });
});
