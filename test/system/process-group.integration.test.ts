import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { runPlan } from '../../src/engine/run-plan.ts';
import { createSecrets } from '../../src/engine/secrets.ts';
import type { StepContext } from '../../src/engine/step.ts';
import { InstallerError } from '../../src/errors/installer-error.ts';
import { createChildProcesses } from '../../src/system/child-processes.ts';
import { readProcess } from '../../src/system/process-table.ts';
import { logFile, members, PATH, processes, startChild, startEngine } from '../support/children.ts';
import { waitFor } from '../support/processes.ts';
import { makeEnginePorts } from '../support/step-context.ts';

const read = (path: string) => readFileSync(path, 'utf8');

describe('the end of a process group', () => {
  it('reaches every descendant, also those whose parent has gone', async () => {
    const path = await logFile();
    const child = await startChild('sleep 100 & (sh -c "sleep 100 & sleep 100" &) ; wait; sleep 100', {
      to: 'log',
      path,
    });
    await waitFor(() => members(child.pid).length >= 5);
    expect(members(child.pid).length).toBeGreaterThanOrEqual(5);
    await child.terminate(5000);
    expect(members(child.pid)).toEqual([]);
    expect(await child.result).toMatchObject({ exitCode: null, signal: 'SIGTERM' });
  });

  it('gives time to clean up', async () => {
    const path = await logFile();
    const child = await startChild(
      'trap "sleep 0.3; echo cleaned up; exit 3" TERM; echo ready; while :; do sleep 0.05; done',
      { to: 'log', path },
    );
    await waitFor(() => read(path) !== '');
    await child.terminate(10_000);
    expect(await child.result).toMatchObject({ exitCode: 3 });
    expect(read(path)).toContain('cleaned up');
  });

  it('is by force after the grace', async () => {
    const path = await logFile();
    const child = await startChild('trap "" TERM; echo ready; sleep 100 & while :; do sleep 0.05; done', {
      to: 'log',
      path,
    });
    await waitFor(() => read(path) !== '');
    const from = Date.now();
    await child.terminate(600);
    expect(Date.now() - from).toBeGreaterThanOrEqual(600);
    expect(await child.result).toMatchObject({ signal: 'SIGKILL' });
    expect(members(child.pid)).toEqual([]);
  });

  it('of all children at once is for the second Ctrl-C', async () => {
    const own = createChildProcesses(createSecrets({}));
    const requests = ['trap "" TERM; sleep 100', 'sleep 100'].map((script) =>
      own.spawn({ file: 'sh', args: ['-c', script], env: { PATH }, output: { to: 'capture', limit: 10 } }),
    );
    const children = await Promise.all(requests);
    own.killAll();
    for (const child of children) expect(await child.result).toMatchObject({ signal: 'SIGKILL' });
    await waitFor(() => children.every((child) => members(child.pid).length === 0));
    for (const child of children) expect(members(child.pid)).toEqual([]);
  });

  it('is the end of a run that is interrupted, and leaves no process', async () => {
    const ports = { ...(await makeEnginePorts()), graceMs: 400 };
    const controller = new AbortController();
    const pids: number[] = [];
    const listen = (event: { type: string; pid?: number }) => {
      if (event.type !== 'child_started' || event.pid === undefined) return;
      pids.push(event.pid);
      if (pids.length === 3) setTimeout(() => controller.abort(new InstallerError('interrupted', 'Ctrl-C')), 200);
    };
    const scripts = {
      stubborn: 'trap "" TERM; sleep 100 & wait; sleep 100',
      willing: 'sleep 100',
      // The leader goes at once, what it has started stays.
      half: '(trap "" TERM; exec sleep 100) & exec sleep 100',
    };
    const steps = Object.entries(scripts).map(([id, script]) => ({
      id,
      title: id,
      apply: async (ctx: StepContext) => {
        await ctx.exec({ file: 'sh', args: ['-c', script] });
        return undefined;
      },
    }));
    const report = await runPlan(
      { name: 'p', cluster: 'c', steps },
      { ...ports, listeners: [listen] },
      { mode: 'run', runId: 'interrupted-run', signal: controller.signal },
    );
    expect(report.result).toBe('cancellation');
    // Far more than the grace, far less than the scripts would take.
    expect(report.durationMs).toBeLessThan(60_000);
    expect(pids.flatMap(members)).toEqual([]);
    expect([...ports.steps.values()].map(({ status }) => status)).toEqual([
      'in_progress',
      'in_progress',
      'in_progress',
    ]);
  });
});

describe('what a killed engine has left running', () => {
  async function killEngine(run: string, script: string) {
    const { engine, pgid: pid } = await startEngine({ script, run });
    const startTicks = readProcess(pid)?.startTicks ?? -1;
    engine.kill('SIGKILL');
    await once(engine, 'exit');
    return { pid, startTicks };
  }

  it('is found by its mark, and ended with all its descendants', async () => {
    const run = `killed-${process.pid}-1`;
    const { pid, startTicks } = await killEngine(run, 'sleep 60 & sleep 60; true');
    await waitFor(() => members(pid).length === 3);
    const found = processes.findMarked(run);
    expect(found).toEqual([{ pid, start_ticks: startTicks, program: 'sh', step: 'the_step' }]);
    expect(processes.findMarked('another run')).toEqual([]);
    const orphan = { pid, start_ticks: startTicks, program: 'sh' };
    expect(processes.isAlive(orphan)).toBe(true);
    await processes.end(orphan, 3000);
    expect(processes.isAlive(orphan)).toBe(false);
    expect(members(pid)).toEqual([]);
    expect(processes.findMarked(run)).toEqual([]);
  });

  it('lives as long as anything of its group does, even without its leader', async () => {
    const run = `killed-${process.pid}-2`;
    const { pid, startTicks } = await killEngine(run, 'sleep 60 & exit 0');
    await waitFor(() => members(pid).every((one) => one.pid !== pid));
    expect(members(pid)).toHaveLength(1);
    expect(processes.isAlive({ pid, start_ticks: startTicks, program: 'sh' })).toBe(true);
    expect(processes.findMarked(run)).toMatchObject([{ pid, step: 'the_step' }]);
    await processes.end({ pid, start_ticks: startTicks, program: 'sh' }, 3000);
    expect(members(pid)).toEqual([]);
  });

  it('is not mistaken for another process that has its number now', async () => {
    const child = await startChild('sleep 60', { to: 'log', path: '/dev/null' });
    const other = { pid: child.pid, start_ticks: child.startTicks - 5, program: 'sh' };
    expect(processes.isAlive(other)).toBe(false);
    await processes.end(other, 100);
    expect(members(child.pid).length).toBeGreaterThan(0);
  });
});
