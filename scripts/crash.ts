/**
 * `scripts/crash --provider kind|host|plan --count N [--seed S]`: kills an installation at random moments with SIGKILL,
 * resumes it each time, and prints what was found. Exit code 1 when anything was wrong.
 */
import { parseArgs } from 'node:util';
import { createHostSubject } from '../test/support/crash/host-subject.ts';
import { createKindSubject } from '../test/support/crash/kind-subject.ts';
import { createPlanSubject } from '../test/support/crash/plan-subject.ts';
import { type Crash, crashAtRandom, randomFrom } from '../test/support/crash/run-crashes.ts';
import type { Subject } from '../test/support/crash/subject.ts';

/** How an installation of each kind is made, and how long it takes at most: the span of the moments. */
const KINDS: Readonly<Record<string, { make: () => Promise<Subject> | Subject; spanMs: number; workers: number }>> = {
  plan: { make: createPlanSubject, spanMs: 1_600, workers: 2 },
  host: { make: createHostSubject, spanMs: 5_000, workers: 1 },
  kind: { make: createKindSubject, spanMs: 90_000, workers: 1 },
};

const USAGE = 'usage: scripts/crash --provider kind|host|plan [--count N] [--seed S]   (10 times by default)';
const words = process.argv.slice(2);
if (words.includes('--help') || words.includes('-h')) {
  console.log(USAGE);
  process.exit(0);
}
const values = readWords();
const kind = KINDS[values.provider ?? ''];
const count = Number(values.count ?? 10);
const seed = Number(values.seed ?? Date.now() % 1_000_000);
if (kind === undefined) refuse('--provider takes one of kind, host, plan');
if (!Number.isInteger(count) || count < 1) refuse('--count takes a number from 1');
if (!Number.isInteger(seed)) refuse('--seed takes a whole number');

console.log(`provider ${values.provider}, ${count} times, seed ${seed}`);
console.log('   #  killed in                  after    resume  result');
const { make, spanMs, workers } = kind;
const crashes = await crashAtRandom(make, { count, spanMs, random: randomFrom(seed), workers, onCrash: print });
const bad = crashes.filter(({ faults }) => faults.length > 0);
console.log(`${crashes.length - bad.length} of ${crashes.length} as they must be`);
process.exit(bad.length === 0 ? 0 : 1);

function readWords(): { provider?: string | undefined; count?: string | undefined; seed?: string | undefined } {
  const option = { type: 'string' } as const;
  try {
    return parseArgs({ args: words, options: { provider: option, count: option, seed: option } }).values;
  } catch (thrown) {
    return refuse(thrown instanceof Error ? thrown.message : String(thrown));
  }
}

function refuse(problem: string): never {
  console.error(`error: ${problem}\n${USAGE}`);
  process.exit(2);
}

function print({ number, killedIn, afterMs, resumeMs, faults }: Crash): void {
  const where = killedIn.length === 0 ? '(between steps)' : killedIn.join(' + ');
  const row = [String(number).padStart(4), where.padEnd(25), seconds(afterMs), seconds(resumeMs)];
  console.log(`${row.join('  ')}  ${faults.length === 0 ? 'ok' : faults.join('; ')}`);
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`.padStart(7);
}
