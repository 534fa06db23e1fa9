import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toInstallerError } from '../../../src/errors/installer-error.ts';
import { pipInstall } from '../../../src/steps/pip/install.ts';
import { pipStep } from '../../../src/steps/pip/step.ts';
import { findFreePort } from '../../support/free-port.ts';
import { makePipGround } from '../../support/pip/ground.ts';
import { startIndex } from '../../support/pip/index-site.ts';
import { missingPrograms } from '../../support/programs.ts';
import { makeStepContext } from '../../support/step-context.ts';

const missing = missingPrograms('python3');
const LIMIT_MS = 400_000;

/** Made once: it takes pip seconds to put itself into one. */
let environment = '';
beforeAll(async () => {
  environment = await mkdtemp(join(tmpdir(), 'ccx-test-venv-'));
  if (missing === undefined) await promisify(execFile)('python3', ['-m', 'venv', environment]);
}, LIMIT_MS);
afterAll(() => rm(environment, { recursive: true, force: true }));

describe.skipIf(missing !== undefined)(`pip${missing === undefined ? '' : ` (${missing})`}`, () => {
  it(
    'empties a corrupt cache and installs',
    async () => {
      const { index } = await startIndex();
      const { folder, env, wishes } = await makePipGround(index);
      const ctx = await makeStepContext({ env });
      await pipInstall(ctx, { ...wishes, venv: environment });
      const cached = readdirSync(join(folder, 'cache'), { recursive: true, encoding: 'utf8' })
        .map((name) => join(folder, 'cache', name))
        .filter((path) => statSync(path).isFile() && statSync(path).size > 1000);
      expect(cached).not.toEqual([]);
      // As a bad disk would: the entry itself can still be read.
      for (const path of cached) {
        writeFileSync(path, readFileSync(path, 'latin1').replaceAll('x = 1', 'y = 2'), 'latin1');
      }
      await pipInstall(ctx, { ...wishes, venv: environment, args: ['--force-reinstall'] });
      const notices = ctx.events.flatMap((event) => (event.type === 'notice' ? [event.message] : []));
      expect(notices).toEqual([expect.stringMatching(/^a checksum is wrong: .* -m pip cache purge$/)]);
    },
    LIMIT_MS,
  );

  it(
    'takes another index when the first is down, and checks hashes',
    async () => {
      const { index, sha256, site, path } = await startIndex();
      const { folder, env, wishes } = await makePipGround(`http://127.0.0.1:${await findFreePort()}/simple/`);
      writeFileSync(join(folder, 'requirements.txt'), `hello-py==1.0 \\\n    --hash=sha256:${sha256}\n`);
      const asked = {
        ...wishes,
        venv: environment,
        packages: [],
        requirements: ['requirements.txt'],
        args: ['--force-reinstall'],
        indexes: [index],
      };
      const whole = site.pages[path];
      site.pages[path] = 'not what was promised';
      const failed = await makeStepContext({ env });
      const error = await pipInstall(failed, asked).catch((thrown) => toInstallerError(thrown));
      expect(error).toMatchObject({ class: 'checksum' });

      if (whole !== undefined) site.pages[path] = whole;
      const ctx = await makeStepContext({ env });
      await pipInstall(ctx, asked);
      expect(ctx.events).toContainEqual(
        expect.objectContaining({
          type: 'fallback_taken',
          to: expect.stringContaining('pip:127.0.0.1'),
          verified: true,
        }),
      );
    },
    LIMIT_MS,
  );

  it(
    'is a step that sees what is installed and takes back what it has put there',
    async () => {
      const { index } = await startIndex();
      const { folder, env, wishes } = await makePipGround(index);
      const steps = new Map();
      const context = () => makeStepContext({ env, steps, step: 'python' });
      const step = pipStep({ ...wishes, id: 'python', title: 'python', packages: ['hello-py>=1.0'] });
      const ctx = await context();
      expect(await step.observe?.(ctx)).toMatchObject({
        state: 'absent',
        reason: expect.stringContaining('there is no'),
      });
      const outputs = await step.apply(ctx);
      expect(outputs).toEqual({ added: '', made_venv: true });
      steps.set('python', { status: 'completed', outputs });
      expect(await step.observe?.(await context())).toMatchObject({ state: 'present', outputs });
      const newer = pipStep({ ...wishes, id: 'python', title: 'python', packages: ['hello-py==2.0'] });
      expect(await newer.observe?.(await context())).toMatchObject({
        state: 'unhealthy',
        reason: 'hello-py is 1.0, not hello-py==2.0',
      });
      await step.rollback?.(await context());
      expect(existsSync(join(folder, 'venv'))).toBe(false);
    },
    LIMIT_MS,
  );
});
