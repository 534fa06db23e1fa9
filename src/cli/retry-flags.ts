import { InstallerError } from '../errors/installer-error.ts';
import type { RetryPolicy } from '../resilience/policy.ts';
import { parseDuration } from '../ui/duration.ts';
import type { Flag } from './flags.ts';
import type { RawFlags } from './options.ts';

/** Flags of every command that tries again. */
export const RETRY_FLAGS = {
  attempts: { type: 'string', describe: 'tries in all', group: 'Retry' },
  delay: {
    type: 'string',
    describe: 'longest delay before the second try, such as 5s; doubled each time',
    group: 'Retry',
  },
  max: { type: 'string', describe: 'longest delay of all', group: 'Retry' },
  timeout: { type: 'string', describe: 'limit of one try, such as 90s', group: 'Retry' },
  budget: { type: 'string', describe: 'limit of everything, such as 10m', group: 'Retry' },
} as const satisfies Record<string, Flag>;

export const RETRY_KIND = {
  type: 'string',
  choices: ['install', 'deploy', 'ssh', 'download', 'request'],
  describe: 'whose delays and limits are taken [default: install]',
  group: 'Retry',
} as const satisfies Flag;

export const RETRY_TARGET = {
  type: 'string',
  describe: 'service that it depends on: it gets a circuit breaker [default: none; counted by its name]',
  group: 'Retry',
} as const satisfies Flag;

/**
 * What the flags change in a policy.
 *
 * @throws InstallerError `usage` naming the flag
 */
export function retryChanges(flags: RawFlags): Partial<RetryPolicy> {
  const text = (name: keyof typeof RETRY_FLAGS) => flags[name] as string | undefined;
  const duration = (name: keyof typeof RETRY_FLAGS, key: keyof RetryPolicy) => {
    const value = text(name);
    return value === undefined ? {} : { [key]: parseDuration(value, `--${name}`) };
  };
  const attempts = text('attempts');
  if (attempts !== undefined && !/^[1-9]\d{0,2}$/.test(attempts)) {
    throw new InstallerError('usage', `--attempts takes a number from 1 to 999, not "${attempts}"`);
  }
  return {
    ...(attempts === undefined ? {} : { attempts: Number(attempts) }),
    ...duration('delay', 'delayMs'),
    ...duration('max', 'maxDelayMs'),
    ...duration('timeout', 'timeoutMs'),
    ...duration('budget', 'budgetMs'),
  };
}
