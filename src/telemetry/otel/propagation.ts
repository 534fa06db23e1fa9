import { type Context, propagation, ROOT_CONTEXT, type SpanContext, TraceFlags } from '@opentelemetry/api';

type Env = Readonly<Record<string, string | undefined>>;

/** As https://opentelemetry.io/docs/specs/otel/context/env-carriers/ names the headers of a request in an environment. */
const toVariable = (header: string) => header.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_');

/** The span of whoever started us, such as a CI job, by the propagators in use (OTEL_PROPAGATORS). */
export function readParent(env: Env): Context {
  return propagation.extract(ROOT_CONTEXT, env, {
    get: (carrier, header) => carrier[toVariable(header)],
    keys: (carrier) => Object.keys(carrier),
  });
}

/** Variables that make a span the parent of what a child records. */
export function writeParent(context: Context): Record<string, string> {
  const variables: Record<string, string> = {};
  propagation.inject(context, variables, {
    set: (carrier, header, value) => {
      carrier[toVariable(header)] = value;
    },
  });
  return variables;
}

/** https://www.w3.org/TR/trace-context/#traceparent-header */
export function formatTraceparent({ traceId, spanId, traceFlags }: SpanContext): string {
  return `00-${traceId}-${spanId}-${(traceFlags & TraceFlags.SAMPLED) === 0 ? '00' : '01'}`;
}

/** @returns undefined for what is no traceparent */
export function parseTraceparent(text: string): SpanContext | undefined {
  const [, traceId, spanId, flags] = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})/.exec(text) ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  return { traceId, spanId, traceFlags: Number.parseInt(flags, 16) & TraceFlags.SAMPLED, isRemote: true };
}
