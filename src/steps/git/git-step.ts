import { existsSync, readdirSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { Outputs } from '../../engine/record.ts';
import type { Observation, Step, StepContext } from '../../engine/step.ts';
import { InstallerError } from '../../errors/installer-error.ts';
import type { RetryPolicy } from '../../resilience/policy.ts';
import type { Target } from '../../resilience/target.ts';
import type { CommandPlace } from '../command.ts';
import { checkOut, filesOf, isCommit, ownWork, wantedCommit } from './check-out.ts';
import { askClone, gitCommand } from './git-command.ts';

export interface GitStepSpec extends CommandPlace {
  /** Address or path, as `git clone` takes it. */
  repo: string;
  /** Relative to `cwd`. */
  dest: string;
  /** Branch, tag or full commit. Default: the branch that the other side names. */
  ref?: string;
  /** Commits of history. */
  depth?: number;
  /** A branch is looked after in every run. */
  update: boolean;
  policy: Partial<RetryPolicy>;
}

/**
 * Body of a step that wants a clone at a ref. A clone is made beside its place and moved there when it is whole. What is
 * not in the other repository, changed files and own commits, is never overwritten.
 */
export function gitBody(spec: GitStepSpec): Pick<Step, 'inputs' | 'observe' | 'apply' | 'rollback'> {
  const folder = resolve(spec.cwd, spec.dest);
  return {
    inputs: () => ({ repo: spec.repo, dest: spec.dest, ref: spec.ref ?? '' }),
    observe: (ctx) => observe(ctx, spec, folder),
    apply: async (ctx) => {
      if (isEmpty(folder)) {
        await ctx.remember({ cloned: true });
        await makeClone(ctx, spec, folder);
      } else {
        await refuseOther(ctx, spec, folder);
        await bring(ctx, spec, folder);
      }
      const commit = await checkOut(ctx, spec, folder);
      return { ...cloned(ctx), commit };
    },
    rollback: async (ctx) => {
      if (!('cloned' in cloned(ctx)) || isEmpty(folder)) return;
      await refuseOther(ctx, spec, folder);
      const lines = await ownWork(ctx, spec, folder);
      if (lines.length > 0) throw keeps(folder, lines, 'save it elsewhere, then remove the folder');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function observe(ctx: StepContext, spec: GitStepSpec, folder: string): Promise<Observation> {
  if (isEmpty(folder)) return { state: 'absent', reason: `no clone at ${folder}` };
  const clone = askClone(ctx, folder, spec);
  const origin = await originOf(ctx, spec, folder);
  if (origin !== spec.repo) return { state: 'absent', reason: `${folder} is ${origin ?? 'no clone'}` };
  const head = await clone.ask('rev-parse', '--verify', '--quiet', 'HEAD^{commit}');
  if (spec.update && !isCommit(spec.ref)) return { state: 'absent', reason: 'to be brought up to date' };
  const wanted = await wantedCommit(clone, spec.ref);
  if (head === undefined || head !== wanted)
    return { state: 'absent', reason: `at ${head?.slice(0, 12) ?? 'no commit'}` };
  const { fresh, missing } = await filesOf(clone);
  if (fresh || missing.length > 0) {
    return { state: 'absent', reason: fresh ? 'not checked out' : `${missing.length} of its files are missing` };
  }
  return { state: 'present', reason: `at ${head.slice(0, 12)}`, outputs: { ...cloned(ctx), commit: head } };
}

/** Nothing of an attempt that failed stays, and nothing of one that was killed. */
async function makeClone(ctx: StepContext, spec: GitStepSpec, folder: string): Promise<void> {
  const { repo, ref, depth } = spec;
  const parent = dirname(folder);
  const partial = join(parent, `.${basename(folder)}.contextcore-partial`);
  const branch = ref === undefined ? [] : ['--branch', ref];
  const options = depth === undefined ? [] : ['--depth', String(depth), ...branch];
  await mkdir(parent, { recursive: true });
  const clean = () => rm(partial, { recursive: true, force: true, maxRetries: 3 });
  try {
    await ctx.guard.call(
      targetOf(repo),
      async ({ signal }) => {
        await clean();
        const args = ['clone', '--no-checkout', ...options, '--', addressOf(spec), partial];
        await ctx.exec({ ...gitCommand(parent, args, spec), signal });
      },
      { policy: spec.policy },
    );
    await rename(partial, folder);
  } finally {
    await clean();
  }
}

/** Fetches what is new; a commit that is there already is not asked for. */
async function bring(ctx: StepContext, spec: GitStepSpec, folder: string): Promise<void> {
  const { ref, depth, repo } = spec;
  const known =
    isCommit(ref) && (await askClone(ctx, folder, spec).ask('cat-file', '-e', `${ref}^{commit}`)) !== undefined;
  if (known) return;
  const shallow = depth === undefined ? [] : ['--depth', String(depth)];
  await ctx.guard.call(
    targetOf(repo),
    ({ signal }) =>
      ctx.exec({ ...gitCommand(folder, ['fetch', '--tags', '--prune', ...shallow, 'origin'], spec), signal }),
    { policy: spec.policy },
  );
}

async function refuseOther(ctx: StepContext, spec: GitStepSpec, folder: string): Promise<void> {
  const origin = await originOf(ctx, spec, folder);
  if (origin === spec.repo) return;
  throw new InstallerError('step_failed', `${folder} is there already and is ${origin ?? 'no clone'}`, {
    class: 'unknown',
    exhausted: true,
    hint: 'nothing was changed: move it away, or give the step another dest',
  });
}

/** What it was cloned from, as the plan would write it; undefined when the folder is no clone of its own. */
async function originOf(ctx: StepContext, spec: GitStepSpec, folder: string): Promise<string | undefined> {
  if (!existsSync(join(folder, '.git'))) return undefined;
  const url = await askClone(ctx, folder, spec).ask('config', '--get', 'remote.origin.url');
  return url === addressOf(spec) ? spec.repo : url && `a clone of ${url.replace(/\/\/[^/@]*@/, '//')}`;
}

/** A path beside the plan, which git would take from the parent of the clone. */
function addressOf({ repo, cwd }: GitStepSpec): string {
  return /^\.{1,2}(\/|$)/.test(repo) ? resolve(cwd, repo) : repo;
}

/** @returns the host of an address as URL or `user@host:path`; `localhost` for a path */
export function targetOf(repo: string): Target {
  const [, host] = /^[a-z+]+:\/\/(?:[^/@]*@)?([^/]+)/i.exec(repo) ?? /^(?:[^/@:]+@)?([^/:]+):(?!\/\/)/.exec(repo) ?? [];
  return { kind: 'git', name: host ?? 'localhost' };
}

function isEmpty(folder: string): boolean {
  try {
    return readdirSync(folder).length === 0;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return true;
    throw thrown;
  }
}

function cloned({ recorded }: StepContext): Outputs {
  return recorded?.outputs?.cloned === true ? { cloned: true } : {};
}

function keeps(folder: string, lines: readonly string[], hint: string): InstallerError {
  return new InstallerError('step_failed', `${folder} holds work that is nowhere else`, {
    class: 'unknown',
    exhausted: true,
    lines: lines.slice(0, 10),
    hint,
  });
}
