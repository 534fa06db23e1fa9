import { spawnSync } from 'node:child_process';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { ChildHandle, SpawnRequest } from '../../src/engine/ports.ts';
import { createSecrets } from '../../src/engine/secrets.ts';
import { type ChildProcesses, createChildProcesses } from '../../src/system/child-processes.ts';
import { readProcess } from '../../src/system/process-table.ts';
import { PATH } from '../support/children.ts';
import { makeTempFolder } from '../support/temp-folder.ts';

const NO_DESCRIPTORS = fileURLToPath(new URL('../support/fixtures/no-descriptors.ts', import.meta.url));

const parentOf = (child: ChildHandle): number => readProcess(child.pid)?.ppid ?? 0;

async function sleeper(processes: ChildProcesses, more: Partial<SpawnRequest> = {}): Promise<ChildHandle> {
  const output = { to: 'log', path: '/dev/null' } as const;
  const child = await processes.spawn({ file: 'sleep', args: ['100'], env: { PATH }, output, ...more });
  onTestFinished(() => child.kill());
  return child;
}

/** Runs as many children, so many at once; tells who their parents were. */
async function parents(processes: ChildProcesses, count: number, atOnce = 1, more: Partial<SpawnRequest> = {}) {
  const found: number[] = [];
  for (let left = count; left > 0; left -= atOnce) {
    const start = () => sleeper(processes, { args: ['0.05'], ...more });
    const batch = await Promise.all(Array.from({ length: atOnce }, start));
    found.push(...batch.map(parentOf));
    for (const child of batch) expect(await child.result).toMatchObject({ exitCode: 0 });
  }
  return found;
}

describe('children', () => {
  it('are started by a server once there are many of them, the first few without', async () => {
    const found = await parents(createChildProcesses(createSecrets({})), 30);
    expect(found.slice(0, 4)).toEqual(found.slice(0, 4).fill(process.pid));
    expect(found.filter((pid) => pid !== process.pid).length).toBeGreaterThan(10);
    expect(found).not.toContain(0);
  });

  it('of which several run at once are started by as many servers', async () => {
    const found = await parents(createChildProcesses(createSecrets({})), 80, 4);
    const last = new Set(found.slice(-4));
    expect(last.size).toBe(4);
    expect(last).not.toContain(process.pid);
  });

  it('are started without where there is no Perl', async () => {
    const folder = await makeTempFolder();
    symlinkSync('/bin/sleep', join(folder, 'sleep'));
    const found = await parents(createChildProcesses(createSecrets({})), 20, 1, { env: { PATH: folder } });
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
    expect(parentOf(await sleeper(processes))).not.toBe(process.pid);
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
    await parents(processes, 20);
    const child = await sleeper(processes);
    expect(parentOf(child)).not.toBe(process.pid);
    processes.killAll();
    expect(await child.result).toMatchObject({ exitCode: null, signal: 'SIGKILL' });
  });
});
