import { RUN_MARKER, STEP_MARKER } from '../../../src/engine/child-commands.ts';
import type { Processes, SpawnResult } from '../../../src/engine/ports.ts';
import { InstallerError } from '../../../src/errors/installer-error.ts';
import type { Dice } from './dice.ts';
import { type Life, never } from './life.ts';
import type { SimClock } from './sim-clock.ts';

/** What a child does, and when, in milliseconds after its start. */
export interface Program {
  effectAt: number;
  effect(): void;
  endAt: number;
  exitCode: number;
  /** Time it takes to heed SIGTERM; beyond the grace it is killed. */
  heedsAfter: number;
}

export interface SimChild {
  pid: number;
  startTicks: number;
  step: string;
  runId: string;
  alive: boolean;
}

/** Children outlive the engine that started them. */
export interface SimProcesses {
  readonly children: readonly SimChild[];
  /** Makes a program known; its name is given to `exec`. */
  install(name: string, program: () => Program): void;
  of(life: Life): Processes;
}

export function createSimProcesses(clock: SimClock, dice: Dice): SimProcesses {
  const programs = new Map<string, () => Program>();
  const children: (SimChild & { end(exitCode: number | null): void; heedsAfter: number })[] = [];

  function start(program: Program, step: string, runId: string) {
    // Few numbers, so that they are given away again: the start time must tell them apart.
    const free = [101, 102, 103, 104, 105, 106, 107, 108].filter(
      (pid) => !children.some((one) => one.alive && one.pid === pid),
    );
    let resolve: (result: SpawnResult) => void = () => undefined;
    const result = new Promise<SpawnResult>((done) => {
      resolve = done;
    });
    const child = {
      pid: free[dice.int(free.length)] ?? 200 + children.length,
      startTicks: children.length + 1,
      step,
      runId,
      alive: true,
      heedsAfter: program.heedsAfter,
      end(exitCode: number | null) {
        if (!child.alive) return;
        child.alive = false;
        resolve({ exitCode, signal: exitCode === null ? 'SIGTERM' : null, stdout: '', stderr: '' });
      },
    };
    children.push(child);
    clock.after(program.effectAt, () => child.alive && program.effect());
    clock.after(program.endAt, () => child.end(program.exitCode));
    return { child, result };
  }

  const terminate = (child: (typeof children)[0] | undefined, graceMs: number): Promise<void> =>
    new Promise((resolve) => {
      clock.after(Math.min(child?.heedsAfter ?? 0, graceMs), () => {
        child?.end(null);
        resolve();
      });
    });
  const find = (pid: number, ticks: number) => children.find((one) => one.pid === pid && one.startTicks === ticks);

  return {
    children,
    install: (name, program) => programs.set(name, program),
    of: (life) => ({
      async spawn({ file, env }) {
        if (!life.touch()) return never();
        const program = programs.get(file);
        if (program === undefined) throw new InstallerError('step_failed', `no ${file}`, { class: 'not_runnable' });
        const { child, result } = start(program(), env[STEP_MARKER] ?? '', env[RUN_MARKER] ?? '');
        // Killed between the start of a child and its record.
        if (!life.touch()) return never();
        return {
          pid: child.pid,
          startTicks: child.startTicks,
          result,
          terminate: (graceMs) => (life.touch() ? terminate(child, graceMs) : never()),
          kill: () => child.end(null),
        };
      },
      isAlive: ({ pid, start_ticks }) => find(pid, start_ticks)?.alive ?? false,
      findMarked: (runId) =>
        children
          .filter((one) => one.alive && one.runId === runId)
          .map(({ pid, startTicks, step }) => ({ pid, start_ticks: startTicks, program: 'sim', step })),
      end: ({ pid, start_ticks }, graceMs) => (life.touch() ? terminate(find(pid, start_ticks), graceMs) : never()),
    }),
  };
}
