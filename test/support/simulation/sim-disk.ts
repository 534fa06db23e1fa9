import type { Recorder } from '../../../src/engine/ports.ts';
import type { Change, RunFields, StepRecord, StepStatus } from '../../../src/engine/record.ts';
import { InstallerError } from '../../../src/errors/installer-error.ts';
import type { Dice } from './dice.ts';
import { type Life, never } from './life.ts';
import type { SimClock } from './sim-clock.ts';

/** A status that became durable. */
export interface Transition {
  step: string;
  from: StepStatus | undefined;
  to: StepStatus;
}

/** What survives: the record as it is on the disk, and how it came to be so. */
export interface SimDisk {
  readonly steps: ReadonlyMap<string, StepRecord>;
  readonly run: Readonly<RunFields>;
  readonly transitions: readonly Transition[];
  /** Number of flushes: what would be one fdatasync each. */
  readonly flushes: number;
  /** The recorder of one process. `failAt`: the flush, from 1, from which on the disk is full. */
  open(life: Life, failAt?: number): Recorder;
  /** The process is killed: of what was not flushed, a part has reached the disk, or none. */
  cut(): void;
}

interface Waiting {
  change: Change;
  resolve(): void;
  reject(error: unknown): void;
}

export function createSimDisk(clock: SimClock, dice: Dice): SimDisk {
  const steps = new Map<string, StepRecord>();
  const run: RunFields = {};
  const transitions: Transition[] = [];
  let flushes = 0;
  let batch: Waiting[] = [];

  function write(changes: readonly Waiting[]): void {
    for (const { change } of changes) {
      for (const [step, fields] of Object.entries(change.steps ?? {})) {
        const from = steps.get(step)?.status;
        if (fields.status) transitions.push({ step, from, to: fields.status });
      }
      merge(steps, run, change);
    }
  }

  return {
    steps,
    run,
    transitions,
    get flushes() {
      return flushes;
    },
    cut() {
      write(batch.slice(0, dice.int(batch.length + 1)));
      batch = [];
    },
    open(life, failAt) {
      const seen = new Map(steps);
      const seenRun = { ...run };
      const first = flushes;
      batch = [];
      const flush = (): void => {
        if (!life.touch()) return;
        const due = batch;
        batch = [];
        flushes += 1;
        if (failAt !== undefined && flushes - first >= failAt) {
          write(due.slice(0, dice.int(due.length + 1)));
          for (const entry of due) entry.reject(new InstallerError('state_unusable', 'no space left'));
          return;
        }
        write(due);
        for (const entry of due) entry.resolve();
      };
      return {
        step: (id) => seen.get(id),
        run: seenRun,
        record(change) {
          if (!life.touch()) return never();
          merge(seen, seenRun, change);
          return new Promise((resolve, reject) => {
            // All changes of one tick become durable together.
            if (batch.push({ change, resolve, reject }) === 1) {
              queueMicrotask(() => clock.after(dice.int(3), () => life.alive && flush()));
            }
          });
        },
      };
    },
  };
}

/** As `Change` says: field by field, null removes. */
export function merge(steps: Map<string, StepRecord>, run: RunFields, change: Change): void {
  for (const [key, value] of Object.entries(change.run ?? {})) {
    if (value === null) delete run[key];
    else run[key] = value;
  }
  for (const [id, fields] of Object.entries(change.steps ?? {})) {
    const merged: Record<string, unknown> = { ...steps.get(id) };
    for (const [key, value] of Object.entries(fields)) {
      if (value === null) delete merged[key];
      else merged[key] = value;
    }
    steps.set(id, merged as StepRecord);
  }
}
