import type { Action } from './events.ts';
import { isDone, type Mode, type StepRecord } from './record.ts';
import type { Observation, Step } from './step.ts';

/** What is known of a step before it is looked at. */
export interface Standing {
  /** Recorded as done, with the fingerprint of today's inputs. */
  done: boolean;
  /** Recorded with another fingerprint, or begun with today's over what another had made. */
  changed: boolean;
}

/** @param fingerprint of today's declared inputs */
export function standingOf(record: StepRecord | undefined, fingerprint: string): Standing {
  const changed =
    record?.outdated === true || (record?.fingerprint !== undefined && record.fingerprint !== fingerprint);
  return { done: isDone(record?.status) && !changed, changed };
}

/** Only a resume trusts the record without a look, and not one that came from somewhere else (`verified: false`). */
export function isTrusted(step: Step, mode: Mode, standing: Standing, record: StepRecord | undefined): boolean {
  return mode === 'resume' && standing.done && step.alwaysObserve !== true && record?.verified !== false;
}

/**
 * The table of the three modes: run, resume and repair differ in what they trust, not in what they do.
 *
 * @param seen undefined when the step cannot be observed: then the record alone tells
 */
export function decide(mode: Mode, standing: Standing, seen: Observation | undefined): Action {
  if (seen === undefined) return standing.done ? 'keep' : 'apply';
  if (seen.state === 'present') return standing.changed ? 'apply' : 'keep';
  if (seen.state === 'unhealthy' && mode === 'repair') return 'repair';
  return 'apply';
}
