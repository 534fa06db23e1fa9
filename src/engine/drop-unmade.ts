import type { ChangedStep } from './check-inputs.ts';
import type { DeclaredStep } from './declare-steps.ts';
import { createStepContext, type RunContext } from './run-attempt.ts';

/**
 * Leaves out the changes of steps that never came to their end and of which nothing is there: a creation that failed
 * for a wrong flag may be tried again with the right one. What cannot be seen is taken for made.
 */
export async function dropUnmade(
  run: RunContext,
  declared: readonly DeclaredStep[],
  changes: readonly ChangedStep[],
): Promise<readonly ChangedStep[]> {
  const kept: ChangedStep[] = [];
  for (const change of changes) {
    const candidate = !change.done && change.immutable.length > 0;
    const step = declared.find((entry) => entry.step.id === change.id);
    if (!(candidate && step !== undefined && (await isAbsent(run, step)))) kept.push(change);
  }
  return kept;
}

async function isAbsent(run: RunContext, { step }: DeclaredStep): Promise<boolean> {
  const { logs, recorder } = run.ports;
  const log = logs.open(step.id, 0);
  const ctx = createStepContext(run, step, { attempt: 0, log, signal: run.signal, recorded: recorder.step(step.id) });
  try {
    return (await step.observe?.(ctx))?.state === 'absent';
  } catch {
    return false;
  }
}
