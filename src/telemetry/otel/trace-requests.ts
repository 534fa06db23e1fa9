import { type Context, SpanKind, SpanStatusCode, type Tracer, trace } from '@opentelemetry/api';
import type { ResilienceEvent } from '../../resilience/events.ts';
import { targetId } from '../../resilience/target.ts';
import { ATTRIBUTES, EVENTS, SPANS } from '../names.ts';
import { toHrTime } from './run-facts.ts';

/**
 * Spans of the HTTP requests that an attempt at a service made, and an event of the surrounding span when it is made
 * again (https://opentelemetry.io/docs/specs/semconv/http/http-spans/).
 */
export function traceRequests(
  tracer: Tracer,
  parent: Context,
  event: Extract<ResilienceEvent, { type: 'target_tried' }>,
): void {
  const { at, attempt, class: errorClass, message, retryInMs, requests = [] } = event;
  const target = targetId(event.target);
  for (const { method, url, status, startedAt, endedAt } of requests) {
    const { hostname, port, protocol } = new URL(url);
    const span = tracer.startSpan(
      SPANS.request.name(method),
      {
        kind: SpanKind.CLIENT,
        startTime: toHrTime(startedAt),
        attributes: {
          [ATTRIBUTES.httpMethod]: method,
          [ATTRIBUTES.urlFull]: url,
          [ATTRIBUTES.serverAddress]: hostname,
          [ATTRIBUTES.serverPort]: Number(port) || (protocol === 'https:' ? 443 : 80),
          [ATTRIBUTES.target]: target,
          ...(status === undefined ? {} : { [ATTRIBUTES.httpStatus]: status }),
          ...(attempt === 1 ? {} : { [ATTRIBUTES.httpResend]: attempt - 1 }),
        },
      },
      parent,
    );
    if (status === undefined || status >= 400) {
      span.setAttribute(ATTRIBUTES.errorType, status === undefined ? (errorClass ?? 'unknown') : String(status));
      span.setStatus({ code: SpanStatusCode.ERROR });
    }
    span.end(toHrTime(endedAt));
  }
  if (errorClass === undefined || retryInMs === undefined) return;
  trace.getSpan(parent)?.addEvent(
    EVENTS.retry,
    {
      [ATTRIBUTES.target]: target,
      [ATTRIBUTES.attempt]: attempt,
      [ATTRIBUTES.retryDelay]: retryInMs,
      [ATTRIBUTES.errorType]: errorClass,
      [ATTRIBUTES.exceptionMessage]: message ?? '',
    },
    toHrTime(at),
  );
}
