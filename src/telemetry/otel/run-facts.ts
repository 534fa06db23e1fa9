import type { HrTime } from '@opentelemetry/api';
import type { RecordedError, RunResult } from '../../engine/record.ts';
import type { CICD_RESULTS } from '../names.ts';

export type CicdResult = (typeof CICD_RESULTS)[number];

/** A time of an event as OpenTelemetry takes it: a small number would mean something else. */
export function toHrTime(ms: number): HrTime {
  const seconds = Math.floor(ms / 1000);
  return [seconds, Math.round((ms - seconds * 1000) * 1e6)];
}

/** Few values: the class of the error where it is known, else its code. */
export function errorTypeOf({ class: found, code }: RecordedError): string {
  return found === undefined || found === 'unknown' ? code : found;
}

/** What stopped a step that came to no end. */
export function resultOfError({ code }: RecordedError): CicdResult {
  if (code === 'timeout') return 'timeout';
  return code === 'interrupted' || code === 'terminated' ? 'cancellation' : 'failure';
}

/** A run that did not tell its end is as one that was cut off. */
export function resultOfRun(result: RunResult | undefined): CicdResult {
  return result === undefined || result === 'running' ? 'cancellation' : result;
}

/** A duration in milliseconds, for people. */
export function inSeconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
