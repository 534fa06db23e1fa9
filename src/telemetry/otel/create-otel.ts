import { isSpanContextValid, trace } from '@opentelemetry/api';
import type { EngineEvent } from '../../engine/events.ts';
import type { Clock, Listener } from '../../engine/ports.ts';
import type { OtlpSignal } from '../settings.ts';
import { createDurations } from './durations.ts';
import { createExemplars } from './exemplars.ts';
import { createRunLog } from './log-lines.ts';
import { formatTraceparent, readParent, writeParent } from './propagation.ts';
import { createRunIds } from './run-ids.ts';
import { type OtelResource, startSdk } from './sdk.ts';
import { createSpoolExporters, type OtlpWriter } from './spool-exporters.ts';
import { createRunTrace } from './trace-run.ts';

export interface OtelOptions {
  /** With the OTEL_* variables and TRACEPARENT; the SDK itself reads those of the process. */
  env: Readonly<Record<string, string | undefined>>;
  clock: Pick<Clock, 'now'>;
  resource: OtelResource;
  plan: string;
  runId: string;
  /** Those that somebody takes; without traces, a parent in the environment is handed on as it is. */
  signals: readonly OtlpSignal[];
  /** Gets every batch as an OTLP request. */
  writer: OtlpWriter;
  /** The last lines of a log file, secrets masked. */
  tail: (path: string) => readonly string[];
  /** Takes the SDK's own messages, when OTEL_LOG_LEVEL asks for them. */
  diagnose?: (line: string) => void;
}

/** Traces, log records and durations of one run. */
export interface Otel {
  listener: Listener;
  /** What makes the step's spans the parents of what its children record. */
  childEnv(step: string): Readonly<Record<string, string>>;
  /** Of the whole run: that of TRACEPARENT, where one is given. Undefined when nobody takes traces. */
  readonly traceId?: string;
  /** Of the run's span, to link a later run to this one. */
  readonly traceparent?: string;
  /** Hands over to the writer what is finished. */
  flush(): Promise<void>;
  /** Ends what is open and hands everything over; waits no longer than this, whatever happens. */
  shutdown(budgetMs: number): Promise<void>;
}

/** Events are kept and taken in this many at once, or after this time: a step must not wait for its telemetry. */
const MOST_HELD = 256;
const HELD_MS = 250;

/** Starts OpenTelemetry for one run. One at a time: its interfaces are global. */
export function createOtel(options: OtelOptions): Otel {
  const { env, signals, clock, resource, plan, runId, writer, tail, diagnose = () => undefined } = options;
  const ids = createRunIds();
  const exemplars = createExemplars();
  const sdk = startSdk(createSpoolExporters(writer, clock, exemplars), { env, signals, resource, ids, diagnose });
  const run = createRunTrace({ tracer: sdk.tracer, ids, parent: readParent(env), plan, runId });
  const { contextOf } = run;
  const log = createRunLog({ logger: sdk.logger, plan, tail, contextOf });
  const measure = createDurations({ meter: sdk.meter, exemplars, cluster: resource.cluster, plan, contextOf });
  let held: EngineEvent[] = [];
  let timer: NodeJS.Timeout | undefined;
  let ending: Promise<void> | undefined;

  function drain(): void {
    clearTimeout(timer);
    timer = undefined;
    const events = held;
    held = [];
    for (const event of events) take(event);
  }

  function take(event: EngineEvent): void {
    // Lines and measurements belong to the span that is open now: a start opens it first, an end closes it last.
    const opens = event.type.endsWith('_started');
    if (opens) run.handle(event);
    log(event);
    measure(event);
    if (!opens) run.handle(event);
  }

  function end(): Promise<void> {
    drain();
    run.end(clock.now());
    return sdk.shutdown();
  }

  const span = trace.getSpanContext(contextOf());
  const own = span !== undefined && isSpanContextValid(span) && span.isRemote !== true ? span : undefined;
  return {
    ...(own === undefined ? {} : { traceId: own.traceId, traceparent: formatTraceparent(own) }),
    listener(event) {
      if (ending !== undefined) return;
      held.push(event);
      if (event.type === 'run_finished') {
        drain();
        // While the run is wound up: little is left for the exit then.
        void sdk.flush();
      } else if (held.length >= MOST_HELD) drain();
      else timer ??= setTimeout(drain, HELD_MS).unref();
    },
    childEnv(step) {
      drain();
      return writeParent(contextOf(step));
    },
    async flush() {
      drain();
      await sdk.flush();
    },
    async shutdown(budgetMs) {
      ending ??= end();
      let limit: NodeJS.Timeout | undefined;
      const over = new Promise<void>((resolve) => {
        limit = setTimeout(resolve, budgetMs);
      });
      await Promise.race([ending, over]).finally(() => clearTimeout(limit));
    },
  };
}
