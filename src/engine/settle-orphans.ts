import { InstallerError } from '../errors/installer-error.ts';
import type { RecordedChild } from './record.ts';
import { type EnginePorts, emit, isoTime } from './run-ports.ts';
import type { Step } from './step.ts';

const POLL_MS = 500;

interface Orphan {
  step: string;
  child: RecordedChild;
}

/**
 * A killed run can leave the children of its steps behind. No step may run twice at once, so they are waited for,
 * or ended with the user's word, before anything is started.
 *
 * @param options.end ends them without asking (`--yes`)
 * @throws the signal's reason when the wait is interrupted
 */
export async function settleOrphans(
  ports: EnginePorts,
  steps: readonly Step[],
  options: { signal: AbortSignal; end: boolean },
): Promise<void> {
  const orphans = findOrphans(ports, steps);
  if (orphans.length === 0) return;
  const names = orphans.map(({ step, child }) => `${step}: ${child.program} (pid ${child.pid})`);
  if (options.end || (await mayEnd(ports, names))) {
    await Promise.all(orphans.map(({ child }) => ports.processes.end(child, ports.graceMs)));
  } else {
    notice(ports, `waiting for what a killed run left running: ${names.join(', ')}`);
    while (orphans.some(({ child }) => ports.processes.isAlive(child))) {
      await ports.clock.sleep(POLL_MS, options.signal);
    }
  }
  const forgotten = Object.fromEntries(orphans.map(({ step }) => [step, { children: null }]));
  await ports.recorder.record({ at: isoTime(ports.clock.now()), steps: forgotten });
}

function findOrphans(ports: EnginePorts, steps: readonly Step[]): readonly Orphan[] {
  const found = new Map<number, Orphan>();
  for (const { id } of steps) {
    for (const child of ports.recorder.step(id)?.children ?? []) found.set(child.pid, { step: id, child });
  }
  const before = ports.recorder.run.last_run;
  if (before?.result === 'running') {
    for (const { step, ...child } of ports.processes.findMarked(before.id)) {
      // What a completed step has left running is its effect, such as a server.
      if (ports.recorder.step(step)?.status === 'in_progress') found.set(child.pid, { step, child });
    }
  }
  return [...found.values()].filter(({ child }) => ports.processes.isAlive(child));
}

/** Without anybody to ask, waiting is the safe answer. */
async function mayEnd(ports: EnginePorts, names: readonly string[]): Promise<boolean> {
  try {
    await ports.consent('End these processes of a killed run now? (no: wait for them)', names);
    return true;
  } catch (thrown) {
    if (thrown instanceof InstallerError && thrown.code.startsWith('consent')) return false;
    throw thrown;
  }
}

function notice(ports: EnginePorts, message: string): void {
  emit(ports, { type: 'notice', at: ports.clock.now(), level: 'warning', message });
}
