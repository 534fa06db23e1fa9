import { InstallerError } from '../errors/installer-error.ts';
import { describeDifference } from './fingerprint.ts';
import { type Inputs, isDone, type Mode, type StepRecord } from './record.ts';
import type { Step } from './step.ts';

interface Declared {
  step: Step;
  inputs: Inputs;
  fingerprint: string;
}

/** A recorded step whose inputs have changed since. */
export interface ChangedStep {
  id: string;
  lines: readonly string[];
  /** Recorded as done: a resume would skip it, and so ignore the change. */
  done: boolean;
  /** Lines about inputs that an existing installation can never take over. */
  immutable: readonly string[];
}

/** Compares the declared inputs with the recorded ones of every step that has been started at least once. */
export function findChanges(
  declared: readonly Declared[],
  recordOf: (id: string) => StepRecord | undefined,
): readonly ChangedStep[] {
  return declared.flatMap(({ step, inputs, fingerprint }) => {
    const record = recordOf(step.id);
    if (record?.fingerprint === undefined || record.fingerprint === fingerprint) return [];
    const before = record.inputs ?? {};
    const known = Object.keys(before).length > 0;
    const fixed = (step.immutableInputs ?? []).filter((key) => key in before || (known && step.closedInputs === true));
    return [
      {
        id: step.id,
        done: isDone(record.status),
        lines: describeDifference(before, inputs),
        immutable: describeDifference(pick(before, fixed), pick(inputs, fixed)),
      },
    ];
  });
}

/**
 * Refuses, before anything is started, what would silently be ignored or could not be carried.
 *
 * @throws InstallerError `needs_new_cluster` in every mode for an immutable input;
 *   `inputs_changed` for `--resume` without `--accept-changes`, when a step that it would skip has other inputs now
 */
export function refuseChanges(changes: readonly ChangedStep[], mode: Mode, acceptChanges: boolean): void {
  const fixed = changes.filter((change) => change.immutable.length > 0);
  if (fixed.length > 0) {
    throw new InstallerError('needs_new_cluster', 'only a new cluster can carry this change; nothing was touched', {
      lines: fixed.flatMap((change) => change.immutable.map((line) => `${change.id}  ${line}`)),
      hint: 'keep the recorded values, or remove the cluster with --delete and create it again with the new ones',
    });
  }
  const skipped = changes.filter((change) => change.done);
  if (mode === 'resume' && !acceptChanges && skipped.length > 0) {
    throw new InstallerError('inputs_changed', 'inputs changed since the recorded run; nothing was started', {
      lines: skipped.flatMap((change) => change.lines.map((line) => `${change.id}  ${line}`)),
      hint: 'go on with the new inputs: --resume --accept-changes; or repeat the command with the recorded ones',
    });
  }
}

function pick(inputs: Inputs, keys: readonly string[]): Inputs {
  return Object.fromEntries(keys.flatMap((key) => (inputs[key] === undefined ? [] : [[key, inputs[key]]])));
}
