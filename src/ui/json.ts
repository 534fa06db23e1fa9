import type { EngineEvent } from '../engine/events.ts';

/** Version of the lines (schemas/events.schema.json); a new field or type of event does not change it. */
const EVENTS_VERSION = '1.0';

/** Fields that hold a time in milliseconds since the epoch. */
const TIMES = new Set(['at', 'startedAt', 'endedAt']);

/**
 * An event as it goes out: snake_case, times in ISO 8601, a version. Maps by step id or output name stay as they are.
 */
export function eventJson(event: EngineEvent): Record<string, unknown> {
  return { version: EVENTS_VERSION, ...fieldsOf(event) };
}

function fieldsOf(fields: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => {
      if (key === 'requests') return [key, (value as readonly object[]).map(fieldsOf)];
      return [snakeCase(key), TIMES.has(key) && typeof value === 'number' ? isoTime(value) : value];
    }),
  );
}

function isoTime(ms: number): string | null {
  const time = new Date(ms);
  return Number.isNaN(time.getTime()) ? null : time.toISOString();
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
