/** The deepest message says most: fetch itself only says "fetch failed". */
export function deepestMessage(thrown: unknown): string {
  let message = String(thrown);
  for (let error = thrown; error instanceof Error; error = error.cause) {
    const first: unknown = error instanceof AggregateError ? error.errors[0] : undefined;
    message = error.message || (first instanceof Error ? first.message : message);
  }
  return message;
}
