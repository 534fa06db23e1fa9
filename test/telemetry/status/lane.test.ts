import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { EngineEvent } from '../../../src/engine/events.ts';
import type { StepStatus } from '../../../src/engine/record.ts';
import { METRICS } from '../../../src/telemetry/names.ts';
import { createSpool, type SpoolRecord } from '../../../src/telemetry/spool/spool.ts';
import { createStatusLane } from '../../../src/telemetry/status/lane.ts';
import { toSeries } from '../../../src/telemetry/status/sample.ts';
import { SCENES, START } from '../../support/recorded-runs.ts';
import { makeTempFolder } from '../../support/temp-folder.ts';

const signal = new AbortController().signal;

/** A lane on a clock of the test's, and everything that a receiver has got from it. */
function makeLane(folder: string, clock: { time: number }, taken: SpoolRecord[] = []) {
  const now = { now: () => clock.time };
  // Ages play no part here.
  const spool = createSpool({
    folder,
    clock: now,
    limits: { segmentBytes: 2000, maxAgeMs: Number.POSITIVE_INFINITY },
    beforeRemove: () => lane.save(),
  });
  const options = { spool, folder, labels: { cluster: 'c', plan: 'p' }, version: '1.2.3', clock: now, volumes: {} };
  const lane = createStatusLane(options);
  const deliver = () =>
    spool.deliver(
      'samples',
      async (records) => {
        taken.push(...records.map((record) => ({ ...record, body: Uint8Array.from(record.body) })));
        return { outcome: 'accepted' };
      },
      { signal },
    );
  return { lane, spool, taken, deliver };
}

function samplesIn(taken: readonly SpoolRecord[], name: string, labels: Record<string, string> = {}) {
  const found = toSeries(taken).filter(
    (series) =>
      series.labels.__name__ === name && Object.entries(labels).every(([key, value]) => series.labels[key] === value),
  );
  return found.flatMap(({ samples }) => samples.map(({ timestamp, value }) => [timestamp, value]));
}

test('the present is every series once, of all processes, without steps that the plan has no more', async () => {
  const folder = await makeTempFolder();
  const clock = { time: START };
  const told = (current: ReturnType<typeof makeLane>['lane']) =>
    current.current().map(({ metric, labels, value }) => `${metric.name} ${Object.values(labels).join()} ${value}`);
  const started = (steps: readonly string[], recorded: Record<string, StepStatus> = {}) =>
    ({
      type: 'run_started',
      at: clock.time,
      steps: steps.map((id) => ({ id, title: id, needs: [], optional: false })),
      recorded,
      planHash: 'h',
    }) as unknown as EngineEvent;
  const first = makeLane(folder, clock).lane;
  first.hear(started(['kept', 'gone']));
  first.count(METRICS.retries, { target: 't', class: 'unknown' }, 2);
  await first.save();

  clock.time += 1000;
  const second = makeLane(folder, clock).lane;
  expect(told(second)).toContain('contextcore_install_step_status gone 0');
  second.hear(started(['kept'], { kept: 'completed' }));
  const now = told(second);
  expect(now).toContain('contextcore_install_step_status kept 2');
  expect(now).toContain('contextcore_install_retries_total t,unknown 2');
  expect(now.filter((line) => line.includes('gone'))).toEqual([]);
  expect(new Set(now).size).toBe(now.length);
});

test('times of a series strictly increase, over clocks that stand still or step back', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.integer({ min: -5000, max: 5000 }), { minLength: 1, maxLength: 30 }),
      async (steps) => {
        const clock = { time: START };
        const { lane, taken, deliver } = makeLane(await folderOfRound(), clock);
        for (const [index, step] of steps.entries()) {
          clock.time += step;
          lane.set(METRICS.breakerState, { target: 't' }, index);
        }
        await deliver();
        const times = samplesIn(taken, METRICS.breakerState.name).map(([time]) => time as number);
        expect(times).toEqual([...new Set(times)].sort((a, b) => a - b));
        expect(times).toHaveLength(steps.length);
      },
    ),
    { numRuns: 20 },
  );
});

test('times go on and counters stay, whether the process before ended well or was killed', async () => {
  for (const killed of [true, false]) {
    const folder = await folderOfRound();
    const taken: SpoolRecord[] = [];
    const first = makeLane(folder, { time: START + 10_000 }, taken);
    first.lane.count(METRICS.retries, { target: 'a', class: 'dns' }, 3);
    await first.deliver();
    first.lane.count(METRICS.retries, { target: 'a', class: 'dns' }, 1);
    if (!killed) {
      await first.lane.save();
      await first.spool.close();
    }
    // The clock has stepped back meanwhile.
    const second = makeLane(folder, { time: START }, taken);
    second.lane.count(METRICS.retries, { target: 'a', class: 'dns' }, 1);
    await second.deliver();
    expect(samplesIn(taken, METRICS.retries.name)).toEqual([
      [START + 10_000, 0],
      [START + 10_001, 3],
      [START + 10_002, 4],
      [START + 10_003, 5],
    ]);
  }
});

test('counters of earlier processes survive delivered segments, and are told when a run starts', async () => {
  const folder = await folderOfRound();
  const taken: SpoolRecord[] = [];
  const first = makeLane(folder, { time: START - 1_000_000 }, taken);
  for (let count = 0; count < 100; count += 1) first.lane.count(METRICS.fallbacks, { target: 'x' }, 1);
  await first.deliver();
  await first.lane.save();
  await first.spool.close();

  const second = makeLane(folder, { time: START }, taken);
  for (const event of SCENES.install()) second.lane.hear(event);
  await second.deliver();
  expect(samplesIn(taken, METRICS.fallbacks.name).at(-1)).toEqual([START, 100]);
  expect(samplesIn(taken, METRICS.runs.name, { result: 'success' })).toEqual([
    [START, 0],
    [START + 59_810, 1],
  ]);
});

test('what is told twice at the same time is told once', async () => {
  const { lane, taken, deliver } = makeLane(await folderOfRound(), { time: START });
  const [started] = SCENES.install();
  if (started !== undefined) lane.hear(started);
  lane.hear({ type: 'step_recorded', at: START, step: 'preflight', status: 'pending', attempts: 0 });
  await deliver();
  expect(samplesIn(taken, METRICS.stepStatus.name, { step: 'preflight' })).toEqual([[START, 0]]);
});

test('a beat repeats what is true of this run, and no duration', async () => {
  const clock = { time: START };
  const { lane, taken, deliver } = makeLane(await folderOfRound(), clock);
  for (const event of SCENES.failure()) lane.hear(event);
  clock.time = START + 120_000;
  await lane.beat(true);
  await deliver();
  const last = (name: string, labels = {}) => samplesIn(taken, name, labels).at(-1);
  expect(last(METRICS.stepStatus.name, { step: 'pods_ready' })).toEqual([clock.time, 3]);
  expect(last(METRICS.heartbeat.name)).toEqual([clock.time, clock.time / 1000]);
  expect(last(METRICS.stepLastDuration.name, { step: 'preflight' })?.[0]).toBe(START + 1210);
});

test('after a clock that was ahead, times go on from now', async () => {
  const clock = { time: START + 3_600_000 };
  const { lane, taken, deliver } = makeLane(await folderOfRound(), clock);
  lane.closeRun('reset');
  clock.time = START;
  lane.rewind();
  lane.closeRun('deleted');
  await deliver();
  expect(samplesIn(taken, METRICS.runStatus.name)).toContainEqual([START + 1, 7]);
});

test('a ledger that is lost begins anew, a damaged one too', async () => {
  const folder = await folderOfRound();
  const first = makeLane(folder, { time: START });
  first.lane.count(METRICS.fallbacks, { target: 'x' }, 1);
  await first.lane.save();
  expect(readFileSync(join(folder, 'ledger.json'), 'utf8')).toContain('fallbacks_total');
  await first.spool.close();
  rmSync(join(folder, 'ledger.json'));
  const second = makeLane(folder, { time: START + 5 });
  second.lane.count(METRICS.fallbacks, { target: 'x' }, 1);
  await second.deliver();
  expect(samplesIn(second.taken, METRICS.fallbacks.name).at(-1)).toEqual([START + 5, 2]);
});

async function folderOfRound(): Promise<string> {
  return join(await makeTempFolder(), 'spool');
}

test('what waits is counted over all kinds, spans too', async () => {
  const { lane, spool, taken, deliver } = makeLane(await folderOfRound(), { time: START });
  for (const kind of ['otlp-traces', 'otlp-logs'] as const) {
    spool.append({ kind, at: START, count: 3, body: Buffer.from('{}') });
  }
  const bytes = spool.stats('otlp-traces').bytes + spool.stats('otlp-logs').bytes;
  lane.tellDelivery({ replayed: 0, rejected: 0, expired: 0 });
  await deliver();
  expect(samplesIn(taken, METRICS.spoolRecords.name)).toEqual([[START, 2]]);
  expect(samplesIn(taken, METRICS.spoolBytes.name)).toEqual([[START, bytes]]);
});
