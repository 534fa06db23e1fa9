import { type Context, type Span, SpanKind, SpanStatusCode, type Tracer, trace } from '@opentelemetry/api';
import type { EngineEvent, RunStarted } from '../../engine/events.ts';
import type { RecordedError } from '../../engine/record.ts';
import { ATTRIBUTES, SPANS } from '../names.ts';
import { parseTraceparent } from './propagation.ts';
import { errorTypeOf, resultOfRun, toHrTime } from './run-facts.ts';
import type { RunIds } from './run-ids.ts';
import { createStepTrace, type StepTrace } from './trace-step.ts';

export interface TraceOptions {
  tracer: Tracer;
  ids: RunIds;
  /** Context that the run's span stands in. */
  parent: Context;
  plan: string;
  runId: string;
}

/** The spans of one run, made from its events with the times of the events. */
export interface RunTrace {
  handle(event: EngineEvent): void;
  /** Where something of a step, or of the whole run, belongs now: the attempt, else the step, else the run. */
  contextOf(step?: string): Context;
  /** Ends what is still open. */
  end(at: number): void;
}

export function createRunTrace({ tracer, ids, parent, plan, runId }: TraceOptions): RunTrace {
  const steps = new Map<string, StepTrace>();
  let run: { span: Span; rollback: boolean } | undefined;
  let failed: RecordedError | undefined;
  // Known before the run starts, since the state document keeps them from the start: never ended, so never exported.
  let context = trace.setSpan(
    parent,
    ids.asRun(() => startSpan(0, {})),
  );

  function startSpan(at: number, attributes: Record<string, string>): Span {
    return tracer.startSpan(
      SPANS.run.name(plan),
      {
        kind: SpanKind.SERVER,
        startTime: toHrTime(at),
        attributes: { [ATTRIBUTES.pipelineName]: plan, [ATTRIBUTES.pipelineRunId]: runId, ...attributes },
      },
      parent,
    );
  }

  function begin(at: number, attributes: Record<string, string>, rollback: boolean): Span {
    const span = ids.asRun(() => startSpan(at, attributes));
    run = { span, rollback };
    context = trace.setSpan(parent, span);
    return span;
  }

  function beginRun(event: RunStarted): void {
    const { at, mode, planHash, provider, previousTraceparent = '', previousRunId = '' } = event;
    const span = begin(
      at,
      {
        [ATTRIBUTES.pipelineAction]: 'RUN',
        [ATTRIBUTES.mode]: mode,
        [ATTRIBUTES.planHash]: planHash,
        ...(provider === undefined ? {} : { [ATTRIBUTES.provider]: provider }),
      },
      false,
    );
    const previous = parseTraceparent(previousTraceparent);
    if (previous === undefined) return;
    span.addLink({ context: previous, attributes: { [ATTRIBUTES.pipelineRunId]: previousRunId } });
  }

  function end(at: number, result = resultOfRun(undefined), error?: RecordedError): void {
    for (const step of steps.values()) step.end(at);
    steps.clear();
    if (run === undefined) return;
    const { span } = run;
    span.setAttribute(ATTRIBUTES.pipelineResult, result);
    if (result !== 'success') span.setStatus({ code: SpanStatusCode.ERROR });
    if (error !== undefined) span.setAttribute(ATTRIBUTES.errorType, errorTypeOf(error));
    span.end(toHrTime(at));
    run = undefined;
  }

  function stepOf(id: string, at: number): StepTrace {
    // A rollback is not announced.
    if (run === undefined) begin(at, { [ATTRIBUTES.mode]: 'rollback' }, true);
    const known = steps.get(id);
    if (known !== undefined) return known;
    const made = createStepTrace({ tracer, parent: context, plan, runId, step: id, at });
    steps.set(id, made);
    return made;
  }

  return {
    handle(event) {
      if (event.type === 'run_started') beginRun(event);
      else if (event.type === 'run_finished') end(event.at, resultOfRun(event.result), event.error);
      else if (event.type !== 'notice' && event.type !== 'step_recorded' && event.type !== 'step_progress') {
        stepOf(event.step, event.at).handle(event);
        if (event.type === 'step_finished') {
          failed = event.error ?? failed;
          steps.delete(event.step);
        }
      }
    },
    contextOf: (step) => (step === undefined ? context : (steps.get(step)?.context ?? context)),
    end(at) {
      if (run?.rollback !== true) end(at);
      else end(at, failed === undefined ? 'success' : 'failure', failed);
    },
  };
}
