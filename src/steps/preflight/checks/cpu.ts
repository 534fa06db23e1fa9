import type { Capacity } from '../capacity.ts';
import type { Check, CheckEnv, Finding } from '../check.ts';

const MORE = 'use a larger machine; the need is set by preflight.cpus, in --config or the plan';

/** Whether there are processors enough, quotas counted. */
export function cpuCheck(needed: number, capacity: Capacity, until?: string): Check {
  const title = 'processors';
  return { id: 'cpu', title, ...(until === undefined ? {} : { until }), run: (env) => checkCpu(needed, capacity, env) };
}

async function checkCpu(needed: number, capacity: Capacity, env: CheckEnv): Promise<Finding | undefined> {
  const there = await capacity(env);
  if (there === undefined) return undefined;
  const message = `${Math.floor(there.cpus * 10) / 10} in ${there.where}`;
  if (there.cpus >= needed) return { level: 'ok', message };
  return { level: 'error', message: `${message}; ${needed} are needed`, hint: there.cpuHint ?? MORE };
}
