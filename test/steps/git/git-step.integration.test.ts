import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { StepRecord } from '../../../src/engine/record.ts';
import { commit, git, makeRepository, serveGit } from '../../support/git-repository.ts';
import { type PlayOptions, playPlan } from '../../support/play-plan.ts';
import { missingPrograms } from '../../support/programs.ts';
import { makeTempFolder } from '../../support/temp-folder.ts';

/** A folder with a repository `origin` (branch main, tag v1 behind it, branch next ahead), and plays of plans in it. */
async function ground() {
  const folder = await makeTempFolder();
  const origin = makeRepository(join(folder, 'origin'));
  git(origin, 'tag', 'v1');
  const two = commit(origin, 'a.txt', 'two');
  git(origin, 'checkout', '-q', '-b', 'next');
  const three = commit(origin, 'a.txt', 'three');
  git(origin, 'checkout', '-q', 'main');
  const steps = new Map<string, StepRecord>();
  const clone = join(folder, 'clone');
  const play = (settings: string, options: PlayOptions & { more?: string } = {}) =>
    playPlan(`steps:\n  - id: code\n    ${options.more ?? ''}\n    git: { dest: clone, ${settings} }\n`, {
      folder,
      steps,
      ...options,
    });
  return { folder, origin, two, three, clone, play, a: () => readFileSync(join(clone, 'a.txt'), 'utf8'), steps };
}

const missing = missingPrograms('git');

describe.skipIf(missing !== undefined)(`git${missing === undefined ? '' : ` (skipped: ${missing})`}`, () => {
  it('clones a branch, a tag, a commit or what the other side names, and moves between them', async () => {
    const { play, a, two, three, clone, steps, origin } = await ground();
    const repo = `repo: 'file://${origin}'`;
    expect((await play(repo)).error).toBeUndefined();
    expect([a(), git(clone, 'branch', '--show-current'), steps.get('code')?.outputs]).toEqual([
      'two',
      'main',
      { cloned: true, commit: two },
    ]);
    expect((await play(`${repo}, ref: next`)).error).toBeUndefined();
    expect([a(), git(clone, 'branch', '--show-current')]).toEqual(['three', 'next']);
    expect((await play(`${repo}, ref: v1`)).error).toBeUndefined();
    expect([a(), git(clone, 'branch', '--show-current')]).toEqual(['one', '']);
    expect((await play(`${repo}, ref: ${three}`)).error).toBeUndefined();
    expect([a(), steps.get('code')?.outputs?.commit]).toEqual(['three', three]);
  });

  it('is at rest when the clone is there; follows a branch when told to', async () => {
    const { play, origin, a } = await ground();
    await play('repo: ./origin');
    const again = await play('repo: ./origin');
    expect(again.tried).toEqual([]);
    commit(origin, 'a.txt', 'four');
    await play('repo: ./origin');
    expect(a()).toBe('two');
    expect((await play('repo: ./origin, update: true')).error).toBeUndefined();
    expect(a()).toBe('four');
  });

  it('never overwrites changed files, own commits or what is no clone of it', async () => {
    const { play, clone, a, folder } = await ground();
    await play('repo: ./origin');
    await writeFile(join(clone, 'a.txt'), 'mine');
    expect((await play('repo: ./origin')).error).toBeUndefined();
    const changed = await play('repo: ./origin, ref: next');
    expect(changed.error?.message).toContain('holds work that is nowhere else');
    expect([a(), changed.error?.details.lines]).toEqual(['mine', [' M a.txt']]);
    const own = commit(clone, 'a.txt', 'committed');
    expect((await play('repo: ./origin, ref: next')).error?.message).toContain('holds work');
    expect(git(clone, 'rev-parse', 'HEAD')).toBe(own);
    await rm(clone, { recursive: true });
    await mkdir(clone);
    await writeFile(join(clone, 'precious'), '');
    const { error } = await play('repo: ./origin');
    expect(error?.message).toContain('is there already and is no clone');
    expect(readdirSync(clone)).toEqual(['precious']);
    await rm(clone, { recursive: true });
    makeRepository(join(folder, 'elsewhere'));
    git(folder, 'clone', '-q', join(folder, 'elsewhere'), clone);
    expect((await play('repo: ./origin')).error?.message).toContain(`is a clone of ${join(folder, 'elsewhere')}`);
  });

  it('brings back files that were removed', async () => {
    const { play, clone, a } = await ground();
    await play('repo: ./origin');
    await rm(join(clone, 'a.txt'));
    expect((await play('repo: ./origin')).error).toBeUndefined();
    expect(a()).toBe('two');
  });

  it('outlasts a server that fails, hangs up and ends in the middle, and leaves nothing half-made', async () => {
    const { play, a, folder } = await ground();
    const site = await serveGit(folder);
    site.faults.push(503, 'cut');
    const through = await play(`repo: '${site.url}/origin/.git'`, { more: 'attempts: 6' });
    expect(through.error).toBeUndefined();
    expect(through.tried.at(-1)).toBe('ok');
    expect(through.tried.length).toBeGreaterThan(1);
    expect(a()).toBe('two');
    await rm(join(folder, 'clone'), { recursive: true });
    // The third request of a clone is the pack.
    site.faults.push(...Array(3).fill('half'));
    await play(`repo: '${site.url}/origin/.git'`, { more: 'attempts: 1' });
    expect(readdirSync(folder).filter((name) => name.includes('clone'))).toEqual([]);
  });

  it.each([
    ['a repository that is not there', 'nowhere/.git', 'main', 'not_found'],
    ['a ref that is not there', 'origin/.git', 'no-such', 'not_found'],
  ])('does not insist on %s', async (_name, path, ref, errorClass) => {
    const { play, folder } = await ground();
    const site = await serveGit(folder);
    const { error, tried } = await play(`repo: '${site.url}/${path}', ref: ${ref}`);
    expect(error?.class).toBe(errorClass);
    expect(tried).toHaveLength(1);
  });

  it('takes what a killed run has left for nothing, and rolls back only its own clone without work in it', async () => {
    const { play, folder, clone, steps } = await ground();
    await mkdir(join(folder, '.clone.contextcore-partial'));
    await writeFile(join(folder, '.clone.contextcore-partial', 'half'), '');
    expect((await play('repo: ./origin')).error).toBeUndefined();
    expect(existsSync(join(folder, '.clone.contextcore-partial'))).toBe(false);
    expect(steps.get('code')?.outputs?.cloned).toBe(true);
    await writeFile(join(clone, 'new'), '');
    const kept = await play('repo: ./origin', { mode: 'rollback' });
    expect(kept.error?.message).toContain('holds work that is nowhere else');
    await rm(join(clone, 'new'));
    expect((await play('repo: ./origin', { mode: 'rollback' })).error).toBeUndefined();
    expect(existsSync(clone)).toBe(false);
  });

  it('goes on where a checkout was killed', async () => {
    const { play, clone, a } = await ground();
    await play('repo: ./origin');
    await rm(join(clone, '.git', 'index'));
    await writeFile(join(clone, '.git', 'index.lock'), '');
    await writeFile(join(clone, 'a.txt'), 't');
    expect((await play('repo: ./origin')).error).toBeUndefined();
    expect(a()).toBe('two');
  });

  it('takes only as much history as is asked for', async () => {
    const { play, clone, origin } = await ground();
    expect((await play(`repo: 'file://${origin}', ref: next, depth: 1`)).error).toBeUndefined();
    expect(git(clone, 'rev-list', '--count', 'HEAD')).toBe('1');
    expect((await play(`repo: 'file://${origin}', ref: next, depth: 1, update: true`)).error).toBeUndefined();
    await expect(play(`repo: x, depth: 1, ref: ${'a'.repeat(40)}`)).rejects.toThrow(
      'git.depth: is for a branch or a tag',
    );
  });
});
