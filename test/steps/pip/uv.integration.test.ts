import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { StepRecord } from '../../../src/engine/record.ts';
import { toInstallerError } from '../../../src/errors/installer-error.ts';
import { pipInstall } from '../../../src/steps/pip/install.ts';
import { pipStep } from '../../../src/steps/pip/step.ts';
import { findFreePort } from '../../support/free-port.ts';
import { makePipGround } from '../../support/pip/ground.ts';
import { buildWheel, startIndex } from '../../support/pip/index-site.ts';
import { obtainPythonTools } from '../../support/pip/tools.ts';
import { waitFor } from '../../support/processes.ts';
import { missingPrograms } from '../../support/programs.ts';
import { makeStepContext } from '../../support/step-context.ts';
import { makeTempFolder } from '../../support/temp-folder.ts';

const missing = missingPrograms('python3') ?? obtainPythonTools();
const noFlock = missingPrograms('flock');

describe.skipIf(missing !== undefined)(`pip with uv${missing === undefined ? '' : ` (${missing})`}`, () => {
  it('is a step that installs by uv, sees what is there, and takes back only its own', async () => {
    const { index } = await startIndex();
    const { folder, env, wishes } = await makePipGround(index, 'uv');
    const steps = new Map<string, StepRecord>();
    const context = () => makeStepContext({ env, steps, step: 'python' });
    // A folder that was there is the user's, whatever is put into it.
    mkdirSync(join(folder, 'venv'));
    writeFileSync(join(folder, 'venv/mine'), 'mine');
    const step = pipStep({ ...wishes, id: 'python', title: 'python' });
    expect(await step.observe?.(await context())).toMatchObject({ state: 'absent' });
    const outputs = await step.apply(await context());
    expect(outputs).toEqual({ added: 'hello-py', made_venv: false });
    // Only pip puts pip into an environment.
    expect(existsSync(join(folder, 'venv/bin/pip'))).toBe(false);
    steps.set('python', { status: 'completed', ...(outputs ? { outputs } : {}) });
    expect(await step.observe?.(await context())).toMatchObject({ state: 'present' });
    await step.rollback?.(await context());
    expect(await step.observe?.(await context())).toMatchObject({ reason: 'hello-py is not installed' });
    expect(readFileSync(join(folder, 'venv/mine'), 'utf8')).toBe('mine');
  });

  it('empties the cache of uv when a checksum is wrong, and installs', async () => {
    const { index, site, path, wheel } = await startIndex();
    const { folder, env, wishes } = await makePipGround(index, 'uv');
    const right = readFileSync(wheel);
    const other = readFileSync(buildWheel(await makeTempFolder(), 'another = 2'));
    const old = join(folder, 'cache/old');
    mkdirSync(join(folder, 'cache'));
    writeFileSync(old, '');
    site.pages[path] = (_request, response) => void response.end(existsSync(old) ? other : right);
    const ctx = await makeStepContext({ env });
    await pipInstall(ctx, wishes);
    const notices = ctx.events.flatMap((event) => (event.type === 'notice' ? [event.message] : []));
    expect(notices).toEqual(['a checksum is wrong: uv cache clean']);
    expect(existsSync(old)).toBe(false);
    const { stdout } = await ctx.query({
      file: join(folder, 'venv/bin/python'),
      args: ['-c', 'import hello_py as h; print(h.x)'],
    });
    expect(stdout.trim()).toBe('1');
  });

  it.skipIf(noFlock !== undefined)(
    `goes on without emptying a cache that another uv does not let go of${noFlock === undefined ? '' : ` (${noFlock})`}`,
    async () => {
      const { index, site, path, wheel } = await startIndex();
      const { folder, env, wishes } = await makePipGround(index, 'uv');
      const right = readFileSync(wheel);
      const other = readFileSync(buildWheel(await makeTempFolder(), 'another = 2'));
      const ctx = await makeStepContext({ env });
      const failed = () => ctx.events.some((event) => event.type === 'target_tried');
      site.pages[path] = (_request, response) => void response.end(failed() ? right : other);
      mkdirSync(join(folder, 'cache'));
      // Shared, as uv holds it while it installs.
      const held = join(folder, 'held');
      const words = ['--shared', join(folder, 'cache/.lock'), 'sh', '-c', `touch ${held}; exec sleep 600`];
      const holder = spawn('flock', ['--no-fork', ...words], { stdio: 'ignore' });
      onTestFinished(() => void holder.kill('SIGKILL'));
      await waitFor(() => existsSync(held), 60_000);
      await pipInstall(ctx, { ...wishes, env: { UV_LOCK_TIMEOUT: '1' } });
      const notices = ctx.events.flatMap((event) => (event.type === 'notice' ? [event.message] : []));
      expect(notices).toEqual([
        'a checksum is wrong: uv cache clean',
        expect.stringMatching(/^the cache could not be emptied: .*Timeout \(1s\)/),
      ]);
    },
  );

  it('takes another index by flag, the hashes of the requirements being the same for both', async () => {
    const { index, sha256, site } = await startIndex();
    const down = `http://127.0.0.1:${await findFreePort()}/simple/`;
    const { folder, env, wishes } = await makePipGround(down, 'uv');
    const require = (hash: string) =>
      writeFileSync(join(folder, 'requirements.txt'), `hello-py==1.0 \\\n    --hash=sha256:${hash}\n`);
    const asked = { ...wishes, packages: [], requirements: ['requirements.txt'], indexes: [index] };
    require('0'.repeat(64));
    const refused = await makeStepContext({ env });
    const error = await pipInstall(refused, asked).catch((thrown) => toInstallerError(thrown));
    expect(error).toMatchObject({ class: 'checksum', message: expect.stringMatching(/: Hash mismatch for `hello-py/) });
    expect(existsSync(join(folder, 'venv'))).toBe(false);

    require(sha256);
    const ctx = await makeStepContext({ env });
    await pipInstall(ctx, asked);
    expect(ctx.events).toContainEqual(
      expect.objectContaining({
        type: 'fallback_taken',
        to: expect.stringContaining(new URL(site.url).host),
        verified: true,
      }),
    );
  });

  it.each([
    ['is away for a moment', 503, 'server_error', 2],
    ['wants to be left alone', 429, 'rate_limited', 2],
    ['wants a login', 401, 'unauthorized', 1],
    ['has no such package', 404, 'not_found', 1],
  ] as const)('asks an index again only where that can help: it %s', async (_, status, errorClass, asked) => {
    const { index, site } = await startIndex();
    const { env, wishes } = await makePipGround(index, 'uv');
    site.pages['/simple/hello-py/'] = (_request, response) => {
      response.writeHead(status).end();
    };
    const ctx = await makeStepContext({ env });
    const error = await pipInstall(ctx, { ...wishes, policy: { ...wishes.policy, attempts: 2 } }).catch(
      toInstallerError,
    );
    expect(error).toMatchObject({ class: errorClass });
    expect(site.requests.filter((path) => path === '/simple/hello-py/')).toHaveLength(asked);
  });

  it('says what uv says at last when nobody answers', async () => {
    const { env, wishes } = await makePipGround(`http://127.0.0.1:${await findFreePort()}/simple/`, 'uv');
    const ctx = await makeStepContext({ env });
    const error = await pipInstall(ctx, { ...wishes, policy: { attempts: 1 } }).catch(toInstallerError);
    expect(error).toMatchObject({
      class: 'network_reset',
      message: expect.stringMatching(/^Failed to fetch: http.*: Connection refused/),
    });
  });

  it('leaves an environment that pip can go on with when uv is gone', async () => {
    const { index } = await startIndex();
    const { folder, env, wishes } = await makePipGround(index, 'uv');
    await pipInstall(await makeStepContext({ env }), wishes);
    const pip = await makePipGround(index);
    const ctx = await makeStepContext({ env: pip.env });
    await pipInstall(ctx, { ...pip.wishes, venv: join(folder, 'venv'), args: ['--force-reinstall'] });
    expect(existsSync(join(folder, 'venv/bin/pip'))).toBe(true);
  }, 400_000);
});
