import { type Context, type Span, SpanKind, SpanStatusCode, type Tracer, trace } from '@opentelemetry/api';
import type { EngineEvent } from '../../engine/events.ts';
import type { RecordedError } from '../../engine/record.ts';
import { ATTRIBUTES, EVENTS, SPANS } from '../names.ts';
import { type CicdResult, errorTypeOf, resultOfError, toHrTime } from './run-facts.ts';
import { traceRequests } from './trace-requests.ts';

type OfStep = Extract<EngineEvent, { step: string }>;
type Of<T extends EngineEvent['type']> = Extract<EngineEvent, { type: T }>;

export interface StepTrace {
  handle(event: OfStep): void;
  /** The attempt that is made now, else the step. */
  readonly context: Context;
  /** Ends what is still open, as something that was cut off. */
  end(at: number): void;
}

export interface StepTraceOptions {
  tracer: Tracer;
  parent: Context;
  plan: string;
  runId: string;
  step: string;
  at: number;
}

/** The spans of one step: its own, its attempts in it, and child processes in those (or in the step, when it only looks). */
export function createStepTrace({ tracer, parent, plan, runId, step, at }: StepTraceOptions): StepTrace {
  const span = tracer.startSpan(
    SPANS.step.name(step),
    {
      startTime: toHrTime(at),
      attributes: {
        [ATTRIBUTES.pipelineName]: plan,
        [ATTRIBUTES.taskName]: step,
        [ATTRIBUTES.taskRunId]: `${runId}/${step}`,
      },
    },
    parent,
  );
  const context = trace.setSpan(parent, span);
  const children = new Map<number, Span>();
  let attempt: { span: Span; context: Context } | undefined;

  function beginAttempt({ at, attempt: number, action }: Of<'attempt_started'>): void {
    endAttempt(at);
    const attributes = {
      [ATTRIBUTES.taskName]: step,
      [ATTRIBUTES.attempt]: number,
      [ATTRIBUTES.stepAction]: action,
    };
    const begun = tracer.startSpan(
      SPANS.attempt.name(String(number)),
      { startTime: toHrTime(at), attributes },
      context,
    );
    attempt = { span: begun, context: trace.setSpan(context, begun) };
  }

  function endAttempt(at: number, error?: RecordedError): void {
    if (attempt === undefined) return;
    if (error !== undefined) markFailed(attempt.span, errorTypeOf(error));
    attempt.span.end(toHrTime(at));
    attempt = undefined;
  }

  /** An attempt that is made again is an event of the step, and no error. */
  function failAttempt({ at, attempt: number, error, retryInMs }: Of<'attempt_failed'>): void {
    if (retryInMs === undefined) {
      endAttempt(at, error);
      return;
    }
    span.addEvent(
      EVENTS.retry,
      {
        [ATTRIBUTES.attempt]: number,
        [ATTRIBUTES.retryDelay]: retryInMs,
        [ATTRIBUTES.errorType]: errorTypeOf(error),
        [ATTRIBUTES.exceptionMessage]: error.message,
      },
      toHrTime(at),
    );
    endAttempt(at);
  }

  function beginChild({ at, pid, program }: Of<'child_started'>): void {
    const options = {
      kind: SpanKind.CLIENT,
      startTime: toHrTime(at),
      attributes: { [ATTRIBUTES.executableName]: program, [ATTRIBUTES.pid]: pid },
    };
    children.set(pid, tracer.startSpan(SPANS.child.name(program), options, attempt?.context ?? context));
  }

  function endChild({ at, pid, exitCode, signal }: Of<'child_finished'>): void {
    const child = children.get(pid);
    if (child === undefined) return;
    children.delete(pid);
    if (exitCode !== null) child.setAttribute(ATTRIBUTES.exitCode, exitCode);
    // https://opentelemetry.io/docs/specs/semconv/cli/cli-spans/
    if (exitCode !== 0) markFailed(child, exitCode === null ? (signal ?? 'signal') : `exit_${exitCode}`);
    child.end(toHrTime(at));
  }

  function finish({ at, action, reason, error, status }: Of<'step_finished'>): void {
    const result = resultOf(status, action, error);
    span.setAttribute(ATTRIBUTES.stepAction, action);
    if (reason !== undefined) span.setAttribute(ATTRIBUTES.stepReason, reason);
    end(at, result, error);
  }

  function end(at: number, result: CicdResult = 'cancellation', error?: RecordedError): void {
    for (const child of children.values()) child.end(toHrTime(at));
    children.clear();
    endAttempt(at);
    span.setAttribute(ATTRIBUTES.taskRunResult, result);
    if (result !== 'success' && result !== 'skip') {
      markFailed(span, error === undefined ? result : errorTypeOf(error));
    }
    span.end(toHrTime(at));
  }

  return {
    get context() {
      return attempt?.context ?? context;
    },
    handle(event) {
      switch (event.type) {
        case 'step_observed': {
          const { at, state, phase, reason } = event;
          const seen = { state, phase, ...(reason === undefined ? {} : { [ATTRIBUTES.stepReason]: reason }) };
          span.addEvent(EVENTS.observed, seen, toHrTime(at));
          break;
        }
        case 'attempt_started':
          beginAttempt(event);
          break;
        case 'attempt_failed':
          failAttempt(event);
          break;
        case 'child_started':
          beginChild(event);
          break;
        case 'child_finished':
          endChild(event);
          break;
        case 'target_tried':
          traceRequests(tracer, attempt?.context ?? context, event);
          break;
        case 'step_finished':
          finish(event);
          break;
      }
    },
    end,
  };
}

function markFailed(span: Span, errorType: string): void {
  span.setAttribute(ATTRIBUTES.errorType, errorType);
  span.setStatus({ code: SpanStatusCode.ERROR });
}

function resultOf(
  status: Of<'step_finished'>['status'],
  action: Of<'step_finished'>['action'],
  error: RecordedError | undefined,
): CicdResult {
  if (error !== undefined) return resultOfError(error);
  // Trusted without a look, or not reached.
  if (action === 'trust' || action === 'none' || status === 'skipped') return 'skip';
  return 'success';
}
