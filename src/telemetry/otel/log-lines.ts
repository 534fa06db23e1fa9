import { type Context, type Logger, SeverityNumber } from '@opentelemetry/api';
import type { EngineEvent } from '../../engine/events.ts';
import type { RecordedError } from '../../engine/record.ts';
import { ATTRIBUTES, EVENTS } from '../names.ts';
import { inSeconds, toHrTime } from './run-facts.ts';

export interface LogOptions {
  logger: Logger;
  plan: string;
  /** The last lines of a log file, secrets masked. */
  tail: (path: string) => readonly string[];
  /** Where a line belongs: the span of a step, or of the run. */
  contextOf: (step?: string) => Context;
}

/** At most one line of progress in this time for each step. */
const PROGRESS_MS = 1000;

interface Line {
  severity: 'INFO' | 'WARN' | 'ERROR';
  body: string;
  name?: string;
  attributes?: Record<string, string | number>;
}

/** What a run does and waits for, as log records: the lines that a reader of its terminal gets, and the ends of failures' logs. */
export function createRunLog({ logger, plan, tail, contextOf }: LogOptions): (event: EngineEvent) => void {
  const lastProgress = new Map<string, { at: number; text: string }>();
  const told = new Set<string>();

  function failed(error: RecordedError): Line {
    told.add(error.message);
    const end = error.log === undefined ? [] : tail(error.log);
    return {
      severity: 'ERROR',
      name: EVENTS.exception,
      body: [error.message, ...end].join('\n'),
      attributes: { [ATTRIBUTES.exceptionType]: error.code, [ATTRIBUTES.exceptionMessage]: error.message },
    };
  }

  function progress({ at, step, message, item, done, total }: Extract<EngineEvent, { type: 'step_progress' }>) {
    const count = done === undefined ? '' : ` (${done}${total === undefined ? '' : ` of ${total}`})`;
    const text = `${message}${item === undefined ? '' : `: ${item}`}${count}`;
    const last = lastProgress.get(step);
    if (last !== undefined && (last.text === text || at - last.at < PROGRESS_MS)) return undefined;
    lastProgress.set(step, { at, text });
    return { severity: 'INFO', name: EVENTS.progress, body: text } as const;
  }

  function lineOf(event: EngineEvent): Line | undefined {
    switch (event.type) {
      case 'run_started':
        return { severity: 'INFO', body: `run started: ${event.mode}, ${event.steps.length} steps` };
      case 'run_finished':
        if (event.error !== undefined && !told.has(event.error.message)) return failed(event.error);
        return { severity: 'INFO', body: `run ended: ${event.result} after ${inSeconds(event.durationMs)}` };
      case 'notice':
        return { severity: event.level === 'warning' ? 'WARN' : 'INFO', name: EVENTS.notice, body: event.message };
      case 'attempt_started':
        return { severity: 'INFO', body: `${event.action}, attempt ${event.attempt}` };
      case 'attempt_failed':
        if (event.retryInMs === undefined) return failed(event.error);
        return {
          severity: 'WARN',
          name: EVENTS.retry,
          body: `attempt ${event.attempt} failed: ${event.error.message}; again in ${inSeconds(event.retryInMs)}`,
        };
      case 'step_progress':
        return progress(event);
      case 'step_finished': {
        lastProgress.delete(event.step);
        // The failure of its last attempt has been told.
        if (event.error !== undefined) return told.has(event.error.message) ? undefined : failed(event.error);
        const did = event.action === 'apply' || event.action === 'repair' || event.action === 'rollback';
        return did ? { severity: 'INFO', body: `${event.status} in ${inSeconds(event.durationMs)}` } : undefined;
      }
    }
  }

  return (event) => {
    const line = lineOf(event);
    if (line === undefined) return;
    const step = 'step' in event ? event.step : undefined;
    const time = toHrTime(event.at);
    logger.emit({
      timestamp: time,
      observedTimestamp: time,
      severityNumber: SeverityNumber[line.severity],
      severityText: line.severity,
      body: step === undefined ? line.body : `${step}: ${line.body}`,
      ...(line.name === undefined ? {} : { eventName: line.name }),
      attributes: {
        [ATTRIBUTES.pipelineName]: plan,
        ...(step === undefined ? {} : { [ATTRIBUTES.taskName]: step }),
        ...line.attributes,
      },
      context: contextOf(step),
    });
  };
}
