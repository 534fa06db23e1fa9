import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { describe, expect, it, vi } from 'vitest';
import { listenerOf } from '../../src/system/port-listener.ts';
import { findProcesses, isAlive, parsePsRow, readBootId, readProcess } from '../../src/system/process-table.ts';

describe('process table', () => {
  it('reads this very process', () => {
    const self = readProcess(process.pid);
    expect(self?.ppid).toBe(process.ppid);
    expect(self?.startTicks).toBeGreaterThan(0);
    expect(self?.cmdline[0]).toContain('node');
  });

  it('is not misled by a program name with parentheses and spaces', async () => {
    const child = spawn(process.execPath, ['-e', 'process.title = "a) R 1 2 (b"; setTimeout(() => {}, 20000)']);
    try {
      const stat = () => readFileSync(`/proc/${child.pid}/stat`, 'utf8');
      if (process.platform === 'linux') {
        await vi.waitFor(() => expect(stat()).toContain('(a) R 1 2 (b)'), { timeout: 10_000 });
      }
      const found = readProcess(child.pid ?? 0);
      expect(found?.ppid).toBe(process.pid);
      expect(found?.startTicks).toBeGreaterThan(readProcess(process.pid)?.startTicks ?? Number.POSITIVE_INFINITY);
    } finally {
      child.kill('SIGKILL');
    }
  });

  it('knows a process from a later one with the same pid, and an ended one', async () => {
    const child = spawn('sleep', ['20']);
    const pid = child.pid ?? 0;
    const ticks = readProcess(pid)?.startTicks ?? -1;
    expect(isAlive(pid, ticks)).toBe(true);
    expect(isAlive(pid, 0)).toBe(true);
    expect(isAlive(pid, ticks - 1)).toBe(false);
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(isAlive(pid, ticks)).toBe(false);
    expect(isAlive(-1, 0)).toBe(false);
  });

  it('takes a zombie for dead', async () => {
    // The shell becomes `sleep 20` and never collects its first child.
    const parent = spawn('sh', ['-c', 'sleep 0.1 & exec sleep 20']);
    try {
      const zombie = await vi.waitFor(
        () => {
          const [found] = findProcesses((one) => one.ppid === parent.pid && one.state === 'Z');
          expect(found).toBeDefined();
          return found;
        },
        { timeout: 10_000 },
      );
      expect(isAlive(zombie?.pid ?? 0, zombie?.startTicks ?? 0)).toBe(false);
    } finally {
      parent.kill('SIGKILL');
    }
  });

  it('finds processes by their arguments', async () => {
    const child = spawn('sleep', ['19.731']);
    try {
      await once(child, 'spawn');
      const found = findProcesses((one) => one.cmdline[1] === '19.731');
      expect(found.map((one) => one.pid)).toEqual([child.pid]);
    } finally {
      child.kill('SIGKILL');
    }
  });

  it('names this boot', () => {
    expect(readBootId()).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('reads a row of ps as macOS prints it', () => {
    const [row] = parsePsRow('  501   1   501 Ss+  Sat Nov 21 07:20:07 2026     /usr/bin/prog --flag x');
    expect(row).toMatchObject({ pid: 501, ppid: 1, pgid: 501, state: 'S' });
    expect(row?.cmdline).toEqual(['/usr/bin/prog', '--flag', 'x']);
    expect(row?.startTicks).toBe(Date.parse('Sat Nov 21 07:20:07 2026') / 10);
    expect(parsePsRow('nonsense')).toEqual([]);
  });
});

describe('port listener', () => {
  it.each(['127.0.0.1', '0.0.0.0', '::'])('names the process that listens on %s', async (host) => {
    const server = createServer();
    server.listen(0, host);
    await once(server, 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    expect(listenerOf(port)?.process?.pid).toBe(process.pid);
    server.close();
    await once(server, 'close');
    expect(listenerOf(port)).toBeUndefined();
  });
});
