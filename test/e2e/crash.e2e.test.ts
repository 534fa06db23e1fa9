import { describe, expect, onTestFinished, test } from 'vitest';
import { STEP_IDS } from '../../src/providers/provider.ts';
import { createHostSubject } from '../support/crash/host-subject.ts';
import { createPlanSubject } from '../support/crash/plan-subject.ts';
import { crashAtRandom, crashInChain, crashOnce, randomFrom } from '../support/crash/run-crashes.ts';
import { missingPrograms } from '../support/programs.ts';
import { covers } from './interface.ts';

const SEED = Number(process.env.CRASH_SEED ?? Date.now() % 1_000_000);
const faultsOf = (crashes: readonly { number: number; faults: readonly string[] }[]) =>
  crashes.filter(({ faults }) => faults.length > 0);

/** A hundred crashes on a machine that is several times slower than ours. */
const LIMIT_MS = 1_800_000;

describe('kill -9', () => {
  test(
    `100 times at random in a plan with real children: --resume ends it, nothing is made twice ${covers('--resume', 'resume')}`,
    async () => {
      const crashes = await crashAtRandom(createPlanSubject, {
        count: 100,
        spanMs: 1_600,
        random: randomFrom(SEED),
        workers: 2,
      });
      expect(faultsOf(crashes), `CRASH_SEED=${SEED}`).toEqual([]);
      // Kills that hit nothing prove nothing.
      expect(crashes.filter(({ killedIn }) => killedIn.length > 0).length, `CRASH_SEED=${SEED}`).toBeGreaterThan(15);
    },
    LIMIT_MS,
  );

  test(`inside each step of create-cluster, and at random ${covers('create-cluster --resume')}`, async (context) => {
    const missing = missingPrograms('prometheus', 'prometheus-alertmanager');
    if (missing !== undefined) return context.skip(missing);
    const subject = await createHostSubject();
    onTestFinished(() => subject.destroy());
    const random = randomFrom(SEED);
    const crashes = [];
    for (const [index, step] of STEP_IDS.entries()) {
      const moment = { inStep: step, afterMs: Math.round(random() * 60) };
      crashes.push(await crashOnce(subject, moment, index + 1));
    }
    for (let number = 7; number <= 10; number += 1) {
      crashes.push(await crashOnce(subject, { afterMs: Math.round(200 + random() * 2_500) }, number));
    }
    expect(faultsOf(crashes), `CRASH_SEED=${SEED}`).toEqual([]);
    expect(crashes.filter(({ killedIn }) => killedIn.length > 0).length).toBeGreaterThan(3);
  });
});

test(`Ctrl-C in each step of create-cluster: exit 130, resumable ${covers('exit 130', 'create-cluster --resume')}`, async (context) => {
  const missing = missingPrograms('prometheus', 'prometheus-alertmanager');
  if (missing !== undefined) return context.skip(missing);
  const subject = await createHostSubject();
  onTestFinished(() => subject.destroy());
  const moments = STEP_IDS.map((inStep) => ({ inStep, afterMs: 0, signal: 'SIGINT' }) as const);
  const interrupted = await crashInChain(subject, moments);
  expect(faultsOf(interrupted)).toEqual([]);
  // The last steps may be faster than the signal, and are done then when they are to be interrupted.
  expect(interrupted.filter(({ exitCode }) => exitCode === 130).length).toBeGreaterThanOrEqual(4);
});
