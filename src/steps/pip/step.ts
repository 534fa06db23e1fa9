import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { digestOf } from '../../engine/fingerprint.ts';
import type { Step, StepContext } from '../../engine/step.ts';
import { observeMissing } from '../observe-missing.ts';
import { inspectPython } from './inspect.ts';
import { type PipWishes, pipInstall } from './install.ts';
import { findPythonTool, isVenvFree, pythonOf } from './python.ts';
import { readRequirements } from './requirements.ts';

export interface PipStepSpec extends PipWishes {
  id: string;
  title: string;
  severity?: 'critical' | 'optional';
}

/** Python packages that should be installed. Taken back is only what it has installed itself. */
export function pipStep(spec: PipStepSpec): Omit<Step, 'needs'> {
  const { id, title, severity, packages, requirements, cwd, venv, args, breakSystem } = spec;
  const wanted = () => [...packages, ...readRequirements(cwd, requirements).wanted];
  const inspect = (ctx: StepContext) => inspectPython(ctx, pythonOf(spec, ctx.env), wanted());
  return {
    id,
    title,
    ...(severity === undefined ? {} : { severity }),
    inputs: () => ({
      packages: packages.join(' '),
      args: args.join(' '),
      venv: venv ?? '',
      requirements: digestOf(readRequirements(cwd, requirements).text, 12),
    }),
    async observe(ctx) {
      const seen = await inspect(ctx);
      const missing = seen?.missing ?? [`there is no ${pythonOf(spec, ctx.env)}`];
      return observeMissing(ctx, missing.slice(0, 20), ctx.recorded?.outputs);
    },
    async apply(ctx) {
      const recorded = ctx.recorded?.outputs ?? {};
      const before = await inspect(ctx);
      const made = recorded.made_venv === true || isVenvFree(spec);
      await ctx.remember({ made_venv: made });
      await pipInstall(ctx, spec);
      const had = new Set(before?.installed ?? []);
      const added = ((await inspect(ctx))?.installed ?? []).filter((name) => !had.has(name));
      const all = new Set([
        ...String(recorded.added ?? '')
          .split(' ')
          .filter(Boolean),
        ...added,
      ]);
      return { added: made ? '' : [...all].join(' '), made_venv: made };
    },
    async rollback(ctx) {
      const { added, made_venv: made } = ctx.recorded?.outputs ?? {};
      if (made === true && venv !== undefined) {
        await rm(resolve(cwd, venv), { recursive: true, force: true, maxRetries: 3 });
        return;
      }
      const there = (await inspect(ctx))?.installed ?? [];
      const names = String(added ?? '')
        .split(' ')
        .filter((name) => there.includes(name));
      if (names.length === 0) return;
      const tool = await findPythonTool(ctx, spec);
      const flags = [...(tool.name === 'pip' ? ['--yes'] : []), ...(breakSystem ? ['--break-system-packages'] : [])];
      await ctx.exec(tool.pip(['uninstall', ...flags, ...names]));
    },
  };
}
