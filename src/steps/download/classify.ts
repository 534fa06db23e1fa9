import type { ErrorClass } from '../../errors/error-class.ts';

/** Class of an HTTP answer that is not a success. */
export function classifyStatus(status: number): ErrorClass {
  if (status === 404 || status === 410) return 'not_found';
  if (status === 401 || status === 403 || status === 407) return 'unauthorized';
  if (status === 408) return 'network_timeout';
  if (status === 429) return 'rate_limited';
  return status >= 500 ? 'server_error' : 'unknown';
}

/** The deepest message says most: fetch itself only says "fetch failed". */
export function deepestMessage(thrown: unknown): string {
  let message = String(thrown);
  for (let error = thrown; error instanceof Error; error = error.cause) {
    const first: unknown = error instanceof AggregateError ? error.errors[0] : undefined;
    message = error.message || (first instanceof Error ? first.message : message);
  }
  return message;
}
