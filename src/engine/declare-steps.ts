import { digestOf, fingerprint } from './fingerprint.ts';
import { orderSteps, type Plan } from './plan.ts';
import type { Mask } from './ports.ts';
import type { Inputs } from './record.ts';
import type { Step } from './step.ts';

/** Longer inputs are told by their beginning and a digest, so that a difference can be read. */
const LONGEST_INPUT = 80;
const SHOWN_OF_LONGER = 60;

/** A step with what it depends on, as declared when the run began. */
export interface DeclaredStep {
  step: Step;
  inputs: Inputs;
  fingerprint: string;
}

/**
 * Checks and orders a plan and fingerprints every step.
 *
 * @param mask hides secrets first of all: inputs are recorded, and a secret that is renewed is no change of a plan
 * @throws InstallerError `config`
 */
export async function declareSteps(plan: Plan, mask: Mask): Promise<readonly DeclaredStep[]> {
  const declared: DeclaredStep[] = [];
  for (const step of orderSteps(plan)) {
    const given = step.inputs === undefined ? {} : await step.inputs();
    const inputs = Object.fromEntries(Object.entries(given).map(([key, value]) => [key, shorten(mask(value))]));
    declared.push({ step, inputs, fingerprint: fingerprint(inputs) });
  }
  return declared;
}

function shorten(text: string): string {
  if (text.length <= LONGEST_INPUT) return text;
  return `${text.slice(0, SHOWN_OF_LONGER)}… ${digestOf(text, 12)}`;
}
