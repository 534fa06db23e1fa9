import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { StepContext } from '../../engine/step.ts';
import { InstallerError } from '../../errors/installer-error.ts';
import type { CommandPlace } from '../command.ts';
import { askClone, type Clone, gitCommand } from './git-command.ts';

interface Wanted extends CommandPlace {
  ref?: string;
}

/** A full commit id, SHA-1 or SHA-256. */
export function isCommit(ref: string | undefined): ref is string {
  return ref !== undefined && /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(ref);
}

/** The commit that a ref means, as last fetched: a branch of the other side, then a tag, then a commit. */
export async function wantedCommit(clone: Clone, ref: string | undefined): Promise<string | undefined> {
  const names =
    ref === undefined ? ['origin/HEAD'] : isCommit(ref) ? [ref] : [`refs/remotes/origin/${ref}`, `refs/tags/${ref}`];
  for (const name of names) {
    const commit = await clone.ask('rev-parse', '--verify', '--quiet', `${name}^{commit}`);
    if (commit !== undefined) return commit;
  }
  return undefined;
}

/**
 * Brings the files of a clone to its ref: a branch stays one, all else is a detached head.
 *
 * @returns the commit
 * @throws InstallerError `step_failed` when the ref is not there (class not_found), or own work would be lost
 */
export async function checkOut(ctx: StepContext, spec: Wanted, folder: string): Promise<string> {
  const { ref } = spec;
  const clone = askClone(ctx, folder, spec);
  const wanted = await wantedCommit(clone, ref);
  if (wanted === undefined) {
    throw new InstallerError('step_failed', `there is no branch, tag or commit ${ref ?? 'HEAD'} in that repository`, {
      class: 'not_found',
      exhausted: true,
      hint: 'a commit must be given in full, and belong to a branch or tag',
    });
  }
  const head = await clone.ask('rev-parse', '--verify', '--quiet', 'HEAD^{commit}');
  const { fresh, missing } = await filesOf(clone);
  if (head === wanted && !fresh && missing.length === 0) return wanted;
  // Our own first checkout was killed: the files that are there are its own.
  const interrupted = fresh && ctx.recorded?.outputs?.cloned === true;
  if (interrupted) await rm(join(folder, '.git', 'index.lock'), { force: true });
  if (!fresh && head !== wanted) await refuseToLose(ctx, spec, folder);
  if (head === wanted && missing.length > 0) {
    await ctx.exec(gitCommand(folder, ['checkout', '--quiet', '--', ...missing], spec));
    return wanted;
  }
  const branch = ref ?? (await clone.ask('rev-parse', '--abbrev-ref', 'origin/HEAD'))?.replace(/^origin\//, '');
  const isBranch =
    branch !== undefined &&
    (await clone.ask('rev-parse', '--verify', '--quiet', `refs/remotes/origin/${branch}`)) === wanted;
  const to = isBranch ? ['-B', branch, '--track', `origin/${branch}`] : ['--detach', wanted];
  await ctx.exec(gitCommand(folder, ['checkout', '--quiet', ...(interrupted ? ['--force'] : []), ...to], spec));
  return wanted;
}

/** Whether there is no index yet, as right after the clone; and the files that should be there and are not. */
export async function filesOf(clone: Clone): Promise<{ fresh: boolean; missing: readonly string[] }> {
  const fresh = (await clone.lines('ls-files', '--cached')).length === 0;
  return { fresh, missing: fresh ? [] : await clone.lines('ls-files', '--deleted') };
}

/** Changed files, and commits on any branch that the other side does not have: one line each. */
export async function ownWork(ctx: StepContext, place: CommandPlace, folder: string): Promise<readonly string[]> {
  const clone = askClone(ctx, folder, place);
  const changed = await clone.lines('status', '--porcelain');
  const commits = await clone.lines('log', '--oneline', '--branches', 'HEAD', '--not', '--remotes', '--tags');
  return [...changed, ...commits];
}

/** Files that git does not know stay where they are, and git itself refuses to write over them. */
async function refuseToLose(ctx: StepContext, place: CommandPlace, folder: string): Promise<void> {
  const lines = (await ownWork(ctx, place, folder)).filter((line) => !line.startsWith('??'));
  if (lines.length === 0) return;
  throw new InstallerError('step_failed', `${folder} holds work that is nowhere else`, {
    class: 'unknown',
    exhausted: true,
    lines: lines.slice(0, 10),
    hint: 'nothing was changed: commit and push it, or undo it (git stash), then run the same command again',
  });
}
