import { expect, test } from 'vitest';
import type { EngineEvent } from '../../../src/engine/events.ts';
import { type Draft, type RunMemory, samplesOf } from '../../../src/telemetry/status/status-samples.ts';
import { EVERY_EVENT } from '../../support/every-event.ts';
import { SCENES, START } from '../../support/recorded-runs.ts';

/** `name{labels}` with values and times relative to the start, in the order told. */
function tell(events: readonly EngineEvent[]): Record<string, (readonly [number, number])[]> {
  const memory: RunMemory = { startedAt: 0, changed: false, exhausted: new Set<string>() };
  const told: Record<string, (readonly [number, number])[]> = {};
  for (const draft of events.flatMap((event) => samplesOf(event, memory, '1.2.3'))) {
    const name = nameOf(draft);
    told[name] = [...(told[name] ?? []), [draft.at - START, 'add' in draft ? draft.add : draft.value] as const];
  }
  return told;
}

function nameOf({ metric, labels }: Draft): string {
  const own = Object.entries(labels).map(([label, value]) => `${label}=${value}`);
  return `${metric.name.replace('contextcore_install_', '')}{${own.join(',')}}`;
}

test('a good run: each transition at its recorded time, and the closing gauges', () => {
  const told = tell(SCENES.install());
  expect(told['step_status{step=pods_ready}']).toEqual([
    [0, 0],
    [21_310, 1],
    [55_000, 2],
  ]);
  expect(told['step_started_timestamp_seconds{step=pods_ready}']).toEqual([[21_310, (START + 21_310) / 1000]]);
  expect(told['step_completed_timestamp_seconds{step=pods_ready}']).toEqual([[55_000, (START + 55_000) / 1000]]);
  expect(told['step_last_duration_seconds{step=pods_ready}']).toEqual([[55_000, 33.69]]);
  expect(told['run_status{}']).toEqual([
    [0, 1],
    [59_810, 2],
  ]);
  expect(told['runs_total{result=success}']).toEqual([
    [0, 0],
    [59_810, 1],
  ]);
  expect(told['last_success_timestamp_seconds{}']).toHaveLength(1);
  expect(told['run_last_duration_seconds{result=success}']).toEqual([[59_810, 59.81]]);
  expect(told['plan_info{version=1.2.3,plan_hash=5f2b}']).toEqual([[0, START / 1000]]);
});

test('a failed run is no success, and counts as a failure', () => {
  const told = tell(SCENES.failure());
  expect(told['step_status{step=pods_ready}']?.at(-1)).toEqual([48_010, 3]);
  expect(told['step_attempts{step=pods_ready}']?.at(-1)).toEqual([48_010, 2]);
  expect(told['run_status{}']?.at(-1)?.[1]).toBe(3);
  expect(told['last_success_timestamp_seconds{}']).toBeUndefined();
  expect(told['step_last_duration_seconds{step=pods_ready}']).toBeUndefined();
  expect(told['runs_total{result=failure}']?.at(-1)).toEqual([48_030, 1]);
});

test('a resume tells at its start what it found recorded', () => {
  const told = tell(SCENES.interrupted());
  expect(told['step_status{step=preflight}']).toEqual([[0, 2]]);
  expect(told['step_status{step=pods_ready}']).toEqual([
    [0, 0],
    [10, 1],
  ]);
});

test('a run that only looked has no duration, whose averages would say little', () => {
  const events = SCENES.install().filter(({ type }) => type === 'run_started' || type === 'run_finished');
  expect(Object.keys(tell(events)).filter((name) => name.startsWith('run_last_duration'))).toEqual([]);
});

test('no event carries an id, an error text or a host into a label', () => {
  const memory: RunMemory = { startedAt: 0, changed: false, exhausted: new Set<string>() };
  const drafts = EVERY_EVENT.flatMap((event) => samplesOf(event, memory, '1.2.3'));
  for (const { metric, labels } of drafts) {
    expect(Object.keys(labels).filter((label) => !(metric.labels as readonly string[]).includes(label))).toEqual([]);
  }
  expect(JSON.stringify(drafts)).not.toMatch(/exit 1|"r2"|look/);
});
