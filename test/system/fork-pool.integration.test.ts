import { spawnSync } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { ChildHandle, SpawnRequest } from '../../src/engine/ports.ts';
import { createSecrets } from '../../src/engine/secrets.ts';
import { type ChildProcesses, createChildProcesses } from '../../src/system/child-processes.ts';
import { readProcess } from '../../src/system/process-table.ts';
import { PATH } from '../support/children.ts';
import { waitFor } from '../support/processes.ts';
import { makeTempFolder } from '../support/temp-folder.ts';

const NO_DESCRIPTORS = fileURLToPath(new URL('../support/fixtures/no-descriptors.ts', import.meta.url));

const parentOf = (child: ChildHandle): number => readProcess(child.pid)?.ppid ?? 0;
const isForked = (parent: number): boolean => parent !== process.pid;

async function sleeper(processes: ChildProcesses, more: Partial<SpawnRequest> = {}): Promise<ChildHandle> {
  const output = { to: 'log', path: '/dev/null' } as const;
  const child = await processes.spawn({ file: 'sleep', args: ['100'], env: { PATH }, output, ...more });
  onTestFinished(() => child.kill());
  return child;
}

/** Runs so many children at once, each until its parent is known; tells who the parents were. */
async function batch(processes: ChildProcesses, atOnce = 1, env = { PATH }): Promise<number[]> {
  const told = join(await makeTempFolder(), 'told');
  const args = ['-c', 'until [ -e "$1" ]; do sleep 0.02; done', 'sh', told];
  const start = () => sleeper(processes, { file: '/bin/sh', args, env });
  const children = await Promise.all(Array.from({ length: atOnce }, start));
  const found = children.map(parentOf);
  mkdirSync(told);
  for (const child of children) expect(await child.result).toMatchObject({ exitCode: 0 });
  return found;
}

/** Runs as many children, one after the other; tells who their parents were. */
async function parents(processes: ChildProcesses, count: number, env = { PATH }): Promise<number[]> {
  const found: number[] = [];
  while (found.length < count) found.push(...(await batch(processes, 1, env)));
  return found;
}

/** Starts children until one comes from a server: how soon one is ready is a matter of the machine. */
async function forkedSleeper(processes: ChildProcesses): Promise<ChildHandle> {
  let child: ChildHandle | undefined;
  await waitFor(async () => {
    child = await sleeper(processes);
    return isForked(parentOf(child));
  });
  return child as ChildHandle;
}

describe('children', () => {
  it('are started by a server once there are many of them, the first few without', async () => {
    const processes = createChildProcesses(createSecrets({}));
    const found = await parents(processes, 5);
    await waitFor(async () => {
      found.push(...(await batch(processes)));
      return isForked(found.at(-1) ?? 0);
    });
    const later = await parents(processes, 30);
    expect(found.slice(0, 4)).toEqual(new Array(4).fill(process.pid));
    expect(later.filter(isForked).length).toBeGreaterThan(10);
    expect([...found, ...later]).not.toContain(0);
  });

  it('of which several run at once are started by as many servers', async () => {
    const processes = createChildProcesses(createSecrets({}));
    await waitFor(async () => {
      const last = new Set(await batch(processes, 4));
      expect(last).not.toContain(0);
      return last.size === 4 && !last.has(process.pid);
    });
  });

  it('are started without where there is no Perl', async () => {
    const folder = await makeTempFolder();
    symlinkSync('/bin/sleep', join(folder, 'sleep'));
    const found = await parents(createChildProcesses(createSecrets({})), 20, { PATH: folder });
    expect(new Set(found)).toEqual(new Set([process.pid]));
  });

  it('are started without where there are no descriptors for a server', () => {
    const script = `ulimit -n 60; exec "$0" "$1"`;
    const { stdout, stderr } = spawnSync('sh', ['-c', script, process.execPath, NO_DESCRIPTORS], { encoding: 'utf8' });
    expect({ stdout, stderr }).toEqual({ stdout: '0\n', stderr: '' });
  });

  it('that read an input, or were given a secret, are started without', async () => {
    const processes = createChildProcesses(createSecrets({}));
    await parents(processes, 20);
    expect(parentOf(await sleeper(processes, { input: 'text' }))).toBe(process.pid);
    expect(parentOf(await sleeper(processes, { output: { to: 'masked', path: '/dev/null' } }))).toBe(process.pid);
    expect(parentOf(await forkedSleeper(processes))).not.toBe(0);
  });

  it('that could not be told to a server are refused as ever', async () => {
    const processes = createChildProcesses(createSecrets({}));
    await parents(processes, 20);
    await expect(sleeper(processes, { args: ['1\0'] })).rejects.toMatchObject({
      class: 'not_runnable',
      message: expect.stringContaining('without null bytes'),
    });
  });

  it('are ended by a second Ctrl-C like all others', async () => {
    const processes = createChildProcesses(createSecrets({}));
    const child = await forkedSleeper(processes);
    processes.killAll();
    expect(await child.result).toMatchObject({ exitCode: null, signal: 'SIGKILL' });
  });
});
