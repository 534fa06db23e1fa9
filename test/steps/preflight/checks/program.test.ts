import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { programCheck } from '../../../../src/steps/preflight/checks/program.ts';
import { PINS } from '../../../../src/steps/tools/pins.ts';
import { makeTempFolder } from '../../../support/temp-folder.ts';
import { runOne } from '../support.ts';
import { makeProgram } from '../support-docker.ts';

const pin = { ...PINS.kind, minVersion: '0.27.0' };

async function check(script: string | undefined) {
  const { PATH, path } = script === undefined ? { PATH: '/nowhere', path: '' } : await makeProgram('kind', script);
  const env = { PATH: `${PATH}:/bin` };
  const binDir = join(await makeTempFolder(), 'bin');
  return { path, binDir, found: await runOne(programCheck(pin, { env, binDir }), { env }) };
}

describe('a program', () => {
  it('that is new enough is told with its version and place', async () => {
    const { path, found } = await check('echo kind v0.30.0 go1.24.6 linux/amd64');
    expect(found).toEqual({ level: 'ok', message: `0.30.0 (${path})` });
  });

  it('that is too old is an error, with a newer one offered', async () => {
    const { found } = await check('echo kind v0.9.0 go1.15 linux/amd64');
    expect(found?.level).toBe('error');
    expect(found?.message).toContain('0.9.0 is older than 0.27.0');
    expect(found?.remedy?.offer).toContain(`download kind ${pin.version}`);
  });

  it('that does not run is an error', async () => {
    const { found } = await check('exit 126');
    expect(found).toMatchObject({ level: 'error', message: expect.stringContaining('126') });
  });

  it('that is missing is an error with an offer and the way to do without it', async () => {
    const { binDir, found } = await check(undefined);
    expect(found).toMatchObject({ level: 'error', message: 'not found; 0.27.0 or newer is needed' });
    expect(found?.remedy?.offer).toContain(binDir);
    expect(found?.hint).toBeTruthy();
    await expect(mkdir(binDir)).resolves.toBeUndefined();
  });
});
