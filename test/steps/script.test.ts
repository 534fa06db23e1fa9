import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { interpreterOf, scriptStep } from '../../src/steps/script.ts';
import { makeTempFolder } from '../support/temp-folder.ts';

async function file(name: string, text: string): Promise<string> {
  const path = join(await makeTempFolder(), name);
  await writeFile(path, text);
  return path;
}

describe('a script', () => {
  it.each([
    ['x.sh', '#!/bin/bash -eu\necho', ['/bin/bash', '-eu']],
    ['x.sh', '#! /usr/bin/env  python3 -u \nprint()', ['/usr/bin/env', 'python3 -u']],
    ['x.py', 'print()', ['python3']],
    ['x.MJS', '', ['node']],
    ['x', 'echo', ['sh']],
    ['x.unknown', '#!\n', ['sh']],
  ])('%s that begins with %j is run by %j', async (name, text, words) => {
    expect(interpreterOf(await file(name, text))).toEqual(words);
  });

  it('is an input by its content, arguments and environment, not by where it lies', async () => {
    const inputs = async (text: string, more: object = {}) => {
      const cwd = join(await file('x.sh', text), '..');
      return await scriptStep({ id: 's', title: 's', file: 'x.sh', args: [], cwd, ...more }).inputs?.();
    };
    const first = await inputs('echo 1');
    expect(await inputs('echo 1')).toEqual(first);
    expect(await inputs('echo 2')).not.toEqual(first);
    expect(await inputs('echo 1', { args: ['x'] })).not.toEqual(first);
    expect(await inputs('echo 1', { env: { A: 'b' } })).not.toEqual(first);
  });

  it('that is not there is refused before anything runs', () => {
    const step = scriptStep({ id: 's', title: 's', file: 'gone.sh', args: [], cwd: '/nowhere' });
    expect(() => step.inputs?.()).toThrow('step "s": cannot read its file /nowhere/gone.sh');
  });
});
