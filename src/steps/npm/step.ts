import { existsSync, readFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { digestOf } from '../../engine/fingerprint.ts';
import type { Step, StepContext } from '../../engine/step.ts';
import { InstallerError } from '../../errors/installer-error.ts';
import { observeMissing } from '../observe-missing.ts';
import { isGlobal, type NpmWishes, npmCommand, npmInstall } from './install.ts';
import { compareLock, findLock, findMissing, namesIn, parseWish } from './project.ts';

export interface NpmStepSpec extends NpmWishes {
  id: string;
  title: string;
  severity?: 'critical' | 'optional';
}

/** Packages of npm, or a project's own, that should be installed. Taken back is only what it has installed itself. */
export function npmStep(spec: NpmStepSpec): Omit<Step, 'needs'> {
  const { id, title, severity, packages, args, cwd } = spec;
  const modules = join(cwd, 'node_modules');
  const list = async (ctx: StepContext): Promise<string> => {
    const words = ['ls', '--depth=0', '--json', ...(isGlobal(args) ? ['--global'] : [])];
    return (await ctx.query(npmCommand(spec, words))).stdout;
  };
  const missingNow = async (ctx: StepContext): Promise<readonly string[]> => {
    if (packages.length > 0) return findMissing(await list(ctx), packages.map(parseWish));
    const lock = findLock(cwd);
    if (lock !== undefined) return compareLock(cwd, lock);
    if (!existsSync(modules)) return ['nothing is installed'];
    const { exitCode } = await ctx.query(npmCommand(spec, ['ls', '--json']));
    return exitCode === 0 ? [] : ['npm ls finds something missing'];
  };
  return {
    id,
    title,
    ...(severity === undefined ? {} : { severity }),
    inputs: () => ({
      packages: packages.join(' '),
      args: args.join(' '),
      ...(packages.length === 0 ? projectInputs(spec) : {}),
    }),
    async observe(ctx) {
      const missing = await missingNow(ctx);
      return observeMissing(ctx, missing.slice(0, 20), ctx.recorded?.outputs);
    },
    async apply(ctx) {
      const before = ctx.recorded?.outputs ?? {};
      const had = packages.length > 0 ? namesIn(await list(ctx)) : new Map<string, string>();
      const names = packages.flatMap((text) => parseWish(text).name ?? []).filter((name) => !had.has(name));
      const outputs = {
        added: [...new Set([...String(before.added ?? '').split(' '), ...names])].filter(Boolean).join(' '),
        made_modules: before.made_modules === true || (!isGlobal(args) && !existsSync(modules)),
      };
      // Before anything is done: a crash must not make somebody else's of it.
      await ctx.remember(outputs);
      await npmInstall(ctx, spec);
      return outputs;
    },
    async rollback(ctx) {
      const { added, made_modules: made } = ctx.recorded?.outputs ?? {};
      const there = namesIn(packages.length > 0 ? await list(ctx) : '');
      const names = String(added ?? '')
        .split(' ')
        .filter((name) => there.has(name));
      const where = isGlobal(args) ? ['--global'] : [];
      if (names.length > 0)
        await ctx.exec(npmCommand(spec, ['uninstall', ...where, '--no-audit', '--no-fund', ...names]));
      const empty = packages.length === 0 || namesIn(await list(ctx)).size === 0;
      if (made === true && empty) await rm(modules, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

/** @throws InstallerError `config` when there is no project */
function projectInputs({ id, cwd }: NpmStepSpec): Record<string, string> {
  const lock = findLock(cwd);
  const files = [join(cwd, 'package.json'), ...(lock === undefined ? [] : [lock])];
  return Object.fromEntries(
    files.map((path) => {
      try {
        return [`file ${path}`, digestOf(readFileSync(path), 12)];
      } catch (cause) {
        throw new InstallerError('config', `step "${id}": cannot read ${path}: ${(cause as Error).message}`, { cause });
      }
    }),
  );
}
