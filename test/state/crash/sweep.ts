import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { statePaths } from '../../../src/state/paths.ts';
import { openState } from '../../../src/state/store.ts';
import { runWithFault, type Thread, type WriterReport } from './harness.ts';
import { CLUSTER, changeOf, findLoss, type Keeper, PLAN } from './model.ts';

/** The calls by which the store changes files, by the thread that makes them. */
export const FILE_CALLS: readonly (readonly [Thread, string])[] = [
  ['main', 'pwrite64'],
  ['main', 'openat'],
  ['main', 'fsync'],
  ['main', 'mkdir'],
  // On a disk that answers at once.
  ['main', 'fdatasync'],
  ['pool', 'openat'],
  ['pool', 'pwrite64'],
  ['pool', 'fsync'],
  ['pool', 'fdatasync'],
  ['pool', 'rename'],
  ['pool', 'symlink'],
];

export interface SweepResult {
  /** Faults that hit before the writer was done. */
  points: number;
  /** What went wrong, one line each, with the fault that shows it. */
  failures: string[];
}

export interface SweepOptions {
  keeper: Keeper;
  thread: Thread;
  /** System call. */
  call: string;
  /** What happens there: `signal=KILL`, `error=ENOSPC`, … */
  effect: string;
  /** The fault stays from then on, as a full disk does. */
  lasting?: boolean;
  /** Folder for the writers' homes. */
  folder: string;
  /** Changes per writer. */
  count: number;
  /** Every so manieth call only. */
  every?: number;
}

/** Injects a fault at the first, second, … call of a thread, until a writer ends without having met it. */
export async function sweep(options: SweepOptions): Promise<SweepResult> {
  const { keeper, thread, call, effect, lasting = false, folder, count, every = 1 } = options;
  const result: SweepResult = { points: 0, failures: [] };
  for (let when = 1; ; when += every) {
    const home = await mkdtemp(join(folder, 'home-'));
    const inject = `${call}:${effect}:when=${when}${lasting ? '+' : ''}`;
    const report = await runWithFault(keeper, home, count, { thread, inject });
    const wrong = await judge(keeper, home, report, effect.startsWith('error'));
    if (wrong !== undefined) result.failures.push(`${thread} ${inject}: ${wrong}`);
    else await rm(home, { recursive: true });
    if (report.done) return result;
    result.points += 1;
  }
}

async function judge(
  keeper: Keeper,
  home: string,
  report: WriterReport,
  isError: boolean,
): Promise<string | undefined> {
  if (isError && !report.done && report.error !== 'state_unusable') {
    return `no clean stop: ${report.error ?? report.signal ?? report.exitCode} ${report.stderr.slice(-300)}`;
  }
  if (!isError && !report.done && report.signal !== 'SIGKILL') return `not killed: ${report.error} ${report.stderr}`;
  const loss = findLoss(keeper, home, Math.max(report.durable, report.soft));
  if (loss !== undefined || keeper !== 'store') return loss;
  return await goOn(home);
}

/** The next run opens the state, records and closes it. */
async function goOn(home: string): Promise<string | undefined> {
  try {
    const store = await openState(statePaths(home, CLUSTER, PLAN), { cluster: CLUSTER, plan: PLAN });
    const next = Number(store.run.counter ?? 0) + 1;
    await store.record(changeOf(next));
    await store.close();
    return findLoss('store', home, next);
  } catch (thrown) {
    return `cannot go on: ${thrown instanceof Error ? thrown.message : String(thrown)}`;
  }
}
