import { InstallerError } from '../errors/installer-error.ts';
import type { DeclaredStep } from './declare-steps.ts';
import { isDone, type StepRecord } from './record.ts';

/** `--only STEP`: that one. `--from STEP`: that one and everything that stands after it in the plan. */
export type Selection = { only: string } | { from: string };

/**
 * The steps to run. What they need and is left out must be recorded as done.
 *
 * @throws InstallerError `usage` for an unknown step (the known ones are listed) or a need that is not done
 */
export function selectSteps(
  declared: readonly DeclaredStep[],
  recordOf: (id: string) => StepRecord | undefined,
  selection: Selection | undefined,
): readonly DeclaredStep[] {
  if (selection === undefined) return declared;
  const [flag, id] = 'only' in selection ? ['--only', selection.only] : ['--from', selection.from];
  const at = declared.findIndex(({ step }) => step.id === id);
  if (at < 0) {
    throw new InstallerError('usage', `${flag} ${id}: the plan has no such step`, {
      hint: `it has: ${declared.map(({ step }) => step.id).join(', ')}`,
    });
  }
  const chosen = 'only' in selection ? declared.slice(at, at + 1) : declared.slice(at);
  const ids = new Set(chosen.map(({ step }) => step.id));
  for (const { step } of chosen) {
    const missing = (step.needs ?? []).find((need) => !ids.has(need.id) && !isDone(recordOf(need.id)?.status));
    if (missing !== undefined) {
      throw new InstallerError('usage', `${flag} ${id}: ${step.id} needs ${missing.id}, which is not completed`, {
        hint: `start with --from ${missing.id}, or run the whole plan with --resume`,
      });
    }
  }
  // Needs that are left out are done: without them the chosen steps stand on their own.
  return chosen.map((entry) => ({
    ...entry,
    step: withNeeds(entry, ids),
  }));
}

function withNeeds({ step }: DeclaredStep, ids: ReadonlySet<string>): DeclaredStep['step'] {
  const needs = (step.needs ?? []).filter((need) => ids.has(need.id));
  return Object.create(step, { needs: { value: needs, enumerable: true } }) as DeclaredStep['step'];
}
