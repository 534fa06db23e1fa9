import { setTimeout as sleep } from 'node:timers/promises';
import { findProcesses, readProcess } from '../../src/system/process-table.ts';

/** Whether a process runs; one that has ended and is not collected does not. */
export function isRunning(pid: number): boolean {
  const found = readProcess(pid);
  return found !== undefined && found.state !== 'Z';
}

/** Pids of processes that have a text among their arguments. */
export function pidsWith(text: string): readonly number[] {
  return findProcesses(
    ({ cmdline, state, pid }) => state !== 'Z' && pid !== process.pid && cmdline.some((word) => word.includes(text)),
  ).map(({ pid }) => pid);
}

/** Kills them; one that has ended meanwhile is no error. */
export function killThoseWith(text: string): void {
  for (const pid of pidsWith(text)) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== 'ESRCH') throw thrown;
    }
  }
}

/** @throws Error when it does not come true within the time */
export async function waitFor(condition: () => boolean | Promise<boolean>, withinMs = 60_000): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`not so within ${withinMs} ms: ${condition}`);
    await sleep(50);
  }
}
