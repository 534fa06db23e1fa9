import type { Step } from '../../engine/step.ts';
import { InstallerError } from '../../errors/installer-error.ts';

/**
 * Gives steps their needs as values, from the ids in a file. Circles are left for the engine to find.
 *
 * @throws InstallerError `config` for a need that no step has as its id
 */
export function linkSteps(
  entries: readonly { step: Omit<Step, 'needs'>; needs: readonly string[] }[],
  path: string,
): readonly Step[] {
  const steps = entries.map(({ step }): Step & { needs: Step[] } => ({ ...step, needs: [] }));
  const byId = new Map(steps.map((step) => [step.id, step]));
  for (const [index, { needs }] of entries.entries()) {
    for (const id of needs) {
      const need = byId.get(id);
      const step = steps[index] as Step & { needs: Step[] };
      if (need === undefined)
        throw new InstallerError('config', `${path}: step "${step.id}" needs "${id}", which it does not have`);
      step.needs.push(need);
    }
  }
  return steps;
}
