import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { toInstallerError } from '../../../src/errors/installer-error.ts';
import { inspectPython } from '../../../src/steps/pip/inspect.ts';
import { pipInstall } from '../../../src/steps/pip/install.ts';
import { findFreePort } from '../../support/free-port.ts';
import { makePipGround } from '../../support/pip/ground.ts';
import { buildWheel, hashFile } from '../../support/pip/index-site.ts';
import { startPypiServer } from '../../support/pip/pypi-server.ts';
import { obtainPythonTools } from '../../support/pip/tools.ts';
import { missingPrograms } from '../../support/programs.ts';
import { startFaultyWay } from '../../support/servers/faulty-way.ts';
import { makeStepContext } from '../../support/step-context.ts';
import { makeTempFolder } from '../../support/temp-folder.ts';

const missing = missingPrograms('python3') ?? obtainPythonTools();
const run = promisify(execFile);
const LIMIT_MS = 400_000;

/** pip's, made once: it takes pip long to put itself into one. */
let ready = '';
beforeAll(async () => {
  ready = await mkdtemp(join(tmpdir(), 'ccx-test-venv-'));
  if (missing === undefined) await run('python3', ['-m', 'venv', ready]);
}, LIMIT_MS);
afterAll(() => rm(ready, { recursive: true, force: true }));

/** An environment without the package. */
async function makeGround(index: string, tool: 'pip' | 'uv') {
  const ground = await makePipGround(index, tool);
  if (tool === 'uv') return { ...ground, environment: join(ground.folder, 'venv') };
  await run(join(ready, 'bin/python'), ['-m', 'pip', 'uninstall', '--yes', 'hello-py']);
  return { ...ground, environment: ready, wishes: { ...ground.wishes, venv: ready } };
}

async function startServerWithPackage() {
  const wheel = buildWheel(await makeTempFolder());
  return { ...(await startPypiServer([wheel])), sha256: hashFile(wheel) };
}

describe.skipIf(missing !== undefined).each(['pip', 'uv'] as const)(
  `%s and a real PyPI server${missing === undefined ? '' : ` (${missing})`}`,
  (tool) => {
    it(
      'takes the server when the mirror is down',
      async () => {
        const { index, sha256, url } = await startServerWithPackage();
        const down = `http://127.0.0.1:${await findFreePort()}/simple/`;
        const { folder, environment, env, wishes } = await makeGround(down, tool);
        writeFileSync(join(folder, 'requirements.txt'), `hello-py==1.0 --hash=sha256:${sha256}\n`);
        const ctx = await makeStepContext({ env });
        await pipInstall(ctx, { ...wishes, packages: [], requirements: ['requirements.txt'], indexes: [index] });
        expect(ctx.events).toContainEqual(
          expect.objectContaining({ type: 'target_tried', class: 'network_reset', attempt: 1 }),
        );
        const to = `pip:${new URL(url).host}`;
        expect(ctx.events).toContainEqual(expect.objectContaining({ type: 'fallback_taken', to, verified: true }));
        expect(await inspectPython(ctx, join(environment, 'bin/python'), ['hello-py==1.0'])).toMatchObject({
          missing: [],
        });
      },
      LIMIT_MS,
    );

    it(
      'asks it again while it is ill, and when it hangs up in the middle of a file',
      async () => {
        const { url } = await startServerWithPackage();
        const way = await startFaultyWay(url);
        onTestFinished(() => way.close());
        const { environment, env, wishes } = await makeGround(`${way.url}/simple/`, tool);
        const ctx = await makeStepContext({ env });
        way.fault = ({ path }) => {
          const failures = ctx.events.filter((event) => event.type === 'target_tried').length;
          if (failures === 0) return { status: 503 };
          return failures === 1 && path.endsWith('.whl') ? { cutAfter: 500 } : undefined;
        };
        await pipInstall(ctx, wishes);
        const classes = ctx.events.flatMap((event) => (event.type === 'target_tried' ? [event.class] : []));
        expect(classes).toEqual(['server_error', expect.stringMatching(/^(network_reset|checksum)$/), undefined]);
        expect(await inspectPython(ctx, join(environment, 'bin/python'), ['hello-py==1.0'])).toMatchObject({
          missing: [],
        });
      },
      LIMIT_MS,
    );

    it(
      'is told at once of a package that the server does not have',
      async () => {
        const { index } = await startServerWithPackage();
        const { env, wishes } = await makeGround(index, tool);
        const ctx = await makeStepContext({ env });
        const error = await pipInstall(ctx, { ...wishes, packages: ['no-such-package'] }).catch(toInstallerError);
        expect(error).toMatchObject({ class: 'not_found', message: expect.stringContaining('no-such-package') });
        expect(ctx.events.filter((event) => event.type === 'target_tried')).toHaveLength(1);
      },
      LIMIT_MS,
    );
  },
);
