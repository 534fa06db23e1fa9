import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { toInstallerError } from '../../../src/errors/installer-error.ts';
import { npmInstall } from '../../../src/steps/npm/install.ts';
import { npmStep } from '../../../src/steps/npm/step.ts';
import { findFreePort } from '../../support/free-port.ts';
import { startSite } from '../../support/http-site.ts';
import { fillRegistry, makeNpmGround, type NpmGround } from '../../support/npm/ground.ts';
import { obtainVerdaccio, startVerdaccio } from '../../support/npm/verdaccio.ts';
import { missingPrograms } from '../../support/programs.ts';
import { makeStepContext } from '../../support/step-context.ts';

const missing = missingPrograms('npm');
const FAST = { delayMs: 10, maxDelayMs: 10 };

describe.skipIf(missing !== undefined)(
  `npm with a registry of its own${missing === undefined ? '' : ` (${missing})`}`,
  () => {
    let unavailable: string | undefined;
    let registry: Awaited<ReturnType<typeof startVerdaccio>> | undefined;
    beforeAll(async () => {
      unavailable = obtainVerdaccio();
      if (unavailable !== undefined) return;
      registry = await startVerdaccio();
      fillRegistry(registry.url);
    }, 500_000);
    afterAll(() => registry?.stop());
    const makeGround = () => makeNpmGround(registry?.url ?? '');

    const wishes = ({ folder, env }: NpmGround) => ({
      packages: [],
      args: [],
      registries: [],
      cwd: folder,
      policy: FAST,
      env,
    });
    const noticesOf = (ctx: { events: readonly { type: string }[] }) =>
      ctx.events.flatMap((event) => ('message' in event && event.type === 'notice' ? [event.message] : []));

    it('throws what is corrupt out of the cache', async ({ skip }) => {
      if (unavailable !== undefined) skip(unavailable);
      const ground = await makeGround();
      const ctx = await makeStepContext({ env: ground.env });
      await npmInstall(ctx, { ...wishes(ground), packages: ['hello-app'] });
      // With a lock file npm sees for itself that an archive is corrupt; of what it knows about packages it does not.
      for (const name of ['node_modules', 'package-lock.json']) rmSync(join(ground.folder, name), { recursive: true });
      for (const path of ground.cached()) writeFileSync(path, 'garbage');
      await npmInstall(ctx, { ...wishes(ground), packages: ['hello-app'], args: ['--prefer-offline'] });
      expect(noticesOf(ctx)).toEqual(['a checksum is wrong: npm cache verify']);
      expect(existsSync(join(ground.folder, 'node_modules/hello-lib/text'))).toBe(true);
    });

    it('takes another registry, whose name does not get into the lock file, and checks its content by it', async ({
      skip,
    }) => {
      if (unavailable !== undefined) skip(unavailable);
      const ground = await makeGround();
      const down = `http://127.0.0.1:${await findFreePort()}/`;
      const ctx = await makeStepContext({ env: { ...ground.env, npm_config_registry: down } });
      const { env: _own, ...rest } = wishes(ground);
      const elsewhere = { ...rest, registries: [ground.registry] };
      await npmInstall(ctx, { ...elsewhere, packages: ['hello-app'] });
      const lock = readFileSync(join(ground.folder, 'package-lock.json'), 'utf8');
      expect(lock).toContain(`"resolved": "${down}hello-lib`);
      expect(ctx.events).toContainEqual(expect.objectContaining({ type: 'fallback_taken', verified: false }));

      rmSync(join(ground.folder, 'node_modules'), { recursive: true });
      execFileSync('npm', ['cache', 'clean', '--force'], { env: ground.env, stdio: 'pipe' });
      const later = await makeStepContext({ env: { ...ground.env, npm_config_registry: down } });
      await npmInstall(later, elsewhere);
      expect(later.events).toContainEqual(expect.objectContaining({ type: 'fallback_taken', verified: true }));
      expect(readFileSync(join(ground.folder, 'package-lock.json'), 'utf8')).toBe(lock);
    });

    it('gives up on a registry that lies, and leaves no half of node_modules', async ({ skip }) => {
      if (unavailable !== undefined) skip(unavailable);
      const ground = await makeGround();
      const ctx = await makeStepContext({ env: ground.env });
      await npmInstall(ctx, { ...wishes(ground), packages: ['hello-app'] });
      rmSync(join(ground.folder, 'node_modules'), { recursive: true });
      execFileSync('npm', ['cache', 'clean', '--force'], { env: ground.env, stdio: 'pipe' });
      const liar = await startSite({ '/hello-lib/-/hello-lib-1.0.0.tgz': 'not what was promised' });
      const app = await fetch(`${ground.registry}hello-app/-/hello-app-1.0.0.tgz`);
      liar.pages['/hello-app/-/hello-app-1.0.0.tgz'] = Buffer.from(await app.arrayBuffer());
      try {
        const error = await npmInstall(ctx, {
          ...wishes(ground),
          env: { ...ground.env, npm_config_registry: `${liar.url}/`, npm_config_replace_registry_host: 'always' },
        }).catch((thrown) => toInstallerError(thrown));
        expect(error).toMatchObject({ class: 'checksum', message: expect.stringContaining('EINTEGRITY') });
      } finally {
        await liar.close();
      }
      expect(noticesOf(ctx)).toEqual([
        'a checksum is wrong: npm cache verify',
        'a checksum is wrong: npm cache clean --force',
      ]);
      expect(existsSync(join(ground.folder, 'node_modules'))).toBe(false);
    });

    it('is a step that sees what is installed, and takes back what it has put there', async ({ skip }) => {
      if (unavailable !== undefined) skip(unavailable);
      const ground = await makeGround();
      const steps = new Map();
      const context = async () => await makeStepContext({ env: ground.env, steps, step: 'packages' });
      const step = npmStep({ ...wishes(ground), id: 'packages', title: 'packages', packages: ['hello-app@1.0.0'] });
      const ctx = await context();
      expect(await step.observe?.(ctx)).toMatchObject({ state: 'absent', reason: 'hello-app is not installed' });
      const outputs = await step.apply(ctx);
      expect(outputs).toEqual({ added: 'hello-app', made_modules: true });
      steps.set('packages', { status: 'completed', outputs });
      expect(await step.observe?.(await context())).toMatchObject({ state: 'present', outputs });

      const project = npmStep({ ...wishes(ground), id: 'project', title: 'project' });
      expect(await project.observe?.(await context())).toMatchObject({ state: 'present' });
      rmSync(join(ground.folder, 'node_modules/hello-lib'), { recursive: true });
      expect(await project.observe?.(await context())).toMatchObject({
        state: 'unhealthy',
        reason: 'node_modules/hello-lib is not installed',
      });
      await step.rollback?.(await context());
      expect(existsSync(join(ground.folder, 'node_modules'))).toBe(false);
      expect(readFileSync(join(ground.folder, 'package.json'), 'utf8')).not.toContain('hello-app');
    });
  },
);
