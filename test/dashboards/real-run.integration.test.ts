import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RUN_RULES } from '../../src/dashboards/alerts/run-rules.ts';
import {
  currentSteps,
  elapsed,
  progress,
  runStatus,
  type Scope,
  stepFailed,
  stepStatus,
} from '../../src/dashboards/promql.ts';
import type { StepRecord } from '../../src/engine/record.ts';
import { runPlan } from '../../src/engine/run-plan.ts';
import type { Step } from '../../src/engine/step.ts';
import { InstallerError } from '../../src/errors/installer-error.ts';
import { METRICS, RUN_STATUS_VALUES, STEP_STATUS_VALUES } from '../../src/telemetry/names.ts';
import { pushSamples } from '../../src/telemetry/remote-write.ts';
import { createSpool } from '../../src/telemetry/spool/spool.ts';
import { createStatusLane } from '../../src/telemetry/status/lane.ts';
import { toSeries } from '../../src/telemetry/status/sample.ts';
import { askInstant } from '../support/query-backends.ts';
import { PROMETHEUS, startPrometheus } from '../support/servers/backends.ts';
import { missingPrograms, type RunningServer } from '../support/servers/start-server.ts';
import { makeEnginePorts } from '../support/step-context.ts';
import { makeTempFolder } from '../support/temp-folder.ts';

const LABELS = { cluster: 'real', plan: 'trial' };
const scope: Scope = { matchers: 'cluster="real",plan="trial"', range: '7d' };

describe('the shared queries on samples of real runs of the engine', async () => {
  const missing = await missingPrograms(PROMETHEUS);
  let server: RunningServer | undefined;

  beforeAll(async () => {
    if (missing === undefined) server = await startPrometheus();
  });
  afterAll(() => server?.stop());

  test('a run that fails, one that mends it, and its deletion', async ({ skip }) => {
    if (missing !== undefined || server === undefined) return skip(missing ?? '');
    const { url } = server;
    const folder = await makeTempFolder();
    const spool = createSpool({ folder, clock: Date });
    const lane = createStatusLane({
      spool,
      folder,
      labels: LABELS,
      version: '1',
      clock: Date,
      volumes: { home: folder },
    });
    const steps = new Map<string, StepRecord>();
    let broken = true;
    const first: Step = { id: 'first', title: 'First', apply: async () => undefined };
    const second: Step = {
      id: 'second',
      title: 'Second',
      needs: [first],
      apply: async () => {
        if (broken) throw new InstallerError('step_failed', 'not today');
        return undefined;
      },
    };
    const push = async () => {
      const records = [...spool.behind('samples', { segment: 0, bytes: 0 })];
      await pushSamples(`${url}/api/v1/write`, toSeries(records));
    };
    const play = async () => {
      const ports = await makeEnginePorts({ env: process.env, steps });
      const plan = { name: LABELS.plan, cluster: LABELS.cluster, steps: [first, second] };
      await runPlan(plan, ports, { mode: 'run', runId: `run-${Date.now()}`, signal: new AbortController().signal });
      for (const event of ports.events) lane.hear(event);
      await lane.beat(true);
      await push();
    };
    const ask = async (query: string) => await askInstant(url, query, Date.now() / 1000 + 1);
    const firing = async () => {
      const fired = await Promise.all(
        RUN_RULES.map(async ({ name, expr, above }) => ((await ask(`${expr} > ${above}`)).length > 0 ? [name] : [])),
      );
      // The disk of the machine is not ours.
      return fired.flat().filter((name) => name !== 'InstallDiskAlmostFull');
    };

    await play();
    expect((await ask(runStatus(scope)))[0]?.value).toBe(RUN_STATUS_VALUES.failure);
    expect((await ask(progress(scope)))[0]?.value).toBe(0.5);
    expect((await ask(`sum(${stepFailed(scope)})`))[0]?.value).toBe(1);
    expect(await ask(currentSteps(scope))).toEqual([]);
    expect(await firing()).toEqual(['InstallStepFailed']);

    broken = false;
    await play();
    expect((await ask(runStatus(scope)))[0]?.value).toBe(RUN_STATUS_VALUES.success);
    expect((await ask(stepStatus(scope))).map(({ value }) => value)).toEqual([
      STEP_STATUS_VALUES.completed,
      STEP_STATUS_VALUES.completed,
    ]);
    expect((await ask(elapsed(scope)))[0]?.value).toBeLessThan(10);
    const counted = await ask(`${METRICS.runs.name}{result=~"success|failure"}`);
    expect(counted.map(({ value }) => value)).toEqual([1, 1]);
    expect(await firing()).toEqual([]);

    lane.closeRun('deleted');
    await push();
    expect(await ask(progress(scope))).toEqual([]);
    expect(await ask(elapsed(scope))).toEqual([]);
    await spool.close();
  });
});
