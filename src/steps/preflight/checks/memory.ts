import type { Capacity } from '../capacity.ts';
import type { Check, CheckEnv, Finding } from '../check.ts';
import { formatSize, fromGb } from '../units.ts';

const MORE = 'free some or use a larger machine; the need is set by preflight.memory_gb, in --config or the plan';

/**
 * Whether there is memory enough in all; and, until `until` is done, a warning when little of it is unused now.
 *
 * @param neededGb gigabytes (10^9 bytes)
 * @param capacity where the programs will run
 */
export function memoryCheck(neededGb: number, capacity: Capacity, until?: string): Check {
  return {
    id: 'memory',
    title: 'memory',
    ...(until === undefined ? {} : { until }),
    run: (env) => checkMemory(neededGb, capacity, until !== undefined && env.isDone(until), env),
  };
}

async function checkMemory(
  neededGb: number,
  capacity: Capacity,
  running: boolean,
  env: CheckEnv,
): Promise<Finding | undefined> {
  const there = await capacity(env);
  if (there === undefined) return undefined;
  const { memoryBytes, availableBytes, where } = there;
  const total = `${formatSize(memoryBytes)} in ${where}`;
  if (memoryBytes < fromGb(neededGb)) {
    return { level: 'error', message: `${total}; ${neededGb} GB are needed`, hint: there.memoryHint ?? MORE };
  }
  // Half of the need is what the programs take at once; the rest grows with their data.
  if (!running && availableBytes !== undefined && availableBytes < fromGb(neededGb) / 2) {
    const message = `${total}, but only ${formatSize(availableBytes)} of it available now`;
    return { level: 'warning', message, hint: 'end programs that you do not need' };
  }
  return { level: 'ok', message: total };
}
