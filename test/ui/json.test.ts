import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import type { EngineEvent } from '../../src/engine/events.ts';
import { createReporter } from '../../src/ui/reporter.ts';
import { EVERY_EVENT } from '../support/every-event.ts';
import { SCENES } from '../support/recorded-runs.ts';
import { collectOutput } from '../support/terminal.ts';

interface Schema {
  $defs: Record<string, { properties?: Record<string, unknown> }>;
  oneOf: { $ref: string }[];
}

const schema = JSON.parse(readFileSync(new URL('../../schemas/events.schema.json', import.meta.url), 'utf8')) as Schema;
const validate = new Ajv2020({ strict: true, strictTypes: false, strictRequired: false }).compile(schema);

function linesOf(events: readonly EngineEvent[]): Record<string, unknown>[] {
  const stdout = collectOutput();
  const stream = collectOutput();
  const reporter = createReporter({ kind: 'json', stream, stdout, columns: 80, color: true });
  for (const event of events) reporter.listener(event);
  expect(stream.text).toBe('');
  return stdout.text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

describe('events as JSON lines', () => {
  test('every type of event, with every field, follows the published schema', () => {
    for (const line of linesOf(EVERY_EVENT)) {
      expect(validate(line), `${JSON.stringify(line)} ${JSON.stringify(validate.errors)}`).toBe(true);
    }
  });

  test('so do whole runs', () => {
    for (const scene of Object.values(SCENES)) {
      for (const line of linesOf(scene())) expect(validate(line), JSON.stringify(validate.errors)).toBe(true);
    }
  });

  test('the schema names every field that goes out, and no type that does not exist', () => {
    const known = schema.oneOf.map(({ $ref }) => $ref.replace('#/$defs/', '')).sort();
    expect(known).toEqual(EVERY_EVENT.map(({ type }) => type).sort());
    for (const line of linesOf(EVERY_EVENT)) {
      const fields = Object.keys(schema.$defs[String(line.type)]?.properties ?? {}).sort();
      expect(fields).toEqual(Object.keys(line).sort());
    }
  });

  test('the schema refuses what is wrong', () => {
    const [line] = linesOf(EVERY_EVENT.filter(({ type }) => type === 'step_finished'));
    expect(validate(line)).toBe(true);
    for (const wrong of [
      { status: 'done' },
      { version: '2.0' },
      { at: 5 },
      { step: 'no such id' },
      { attempts: -1 },
      { type: 'else' },
    ]) {
      expect(validate({ ...line, ...wrong }), JSON.stringify(wrong)).toBe(false);
    }
  });

  test('names are snake_case, times are ISO 8601, and keys that are data stay as they are', () => {
    const [started, finished] = linesOf(
      EVERY_EVENT.filter(({ type }) => type === 'run_started' || type === 'step_finished'),
    );
    expect(started).toMatchObject({
      version: '1.0',
      run_id: 'r2',
      plan_hash: '5f2b',
      previous_run_id: 'r1',
      at: '2026-03-01T12:00:00.000Z',
    });
    expect(finished?.outputs).toEqual({ nodePort: 3000, ready: true, camelCase: 'stays' });
    const [recorded] = linesOf(EVERY_EVENT.filter(({ type }) => type === 'step_recorded'));
    expect(recorded).toMatchObject({ started_at: '2026-03-01T11:59:59.995Z', duration_ms: 5 });
  });
});
