import { METRICS } from '../../src/telemetry/names.ts';
import { type AlertCase, alive, of, RUN, run, STEP, step } from '../support/alert-cases.ts';

const DAY = 1440;
const none = [] as const;
const failedStep = { ...run({ 0: 'running', 3: 'failure' }), ...step({ 0: 'pending', 1: 'in_progress', 3: 'failed' }) };
const disk = (free: number, at = 0) => ({
  ...of(METRICS.diskSize, { [at]: 1000 }, { ...RUN, volume: 'home' }),
  ...of(METRICS.diskFree, { [at]: free }, { ...RUN, volume: 'home' }),
});
const times = (start: number, end: number) => ({
  ...of(METRICS.runStarted, { 0: start }),
  ...of(METRICS.runCompleted, { [Math.ceil(end / 60)]: end }),
});

/** Situations of one installation, by alert. */
export const RUN_CASES: Readonly<Record<string, readonly AlertCase[]>> = {
  InstallStepFailed: [
    { name: 'a step failed', series: failedStep, at: '4m', fires: [STEP] },
    { name: 'nobody mended it for six days', series: failedStep, at: '6d', fires: [STEP] },
    { name: 'after a week it is history', series: failedStep, at: '8d', fires: none },
    {
      name: 'it still runs',
      series: { ...run({ 0: 'running' }), ...step({ 0: 'in_progress' }) },
      at: '4m',
      fires: none,
    },
    {
      name: 'it was interrupted, which is no failure',
      series: { ...run({ 0: 'running', 3: 'cancellation' }), ...step({ 0: 'in_progress' }) },
      at: '4m',
      fires: none,
    },
    {
      name: 'a further run has begun, and not come to the step',
      series: { ...run({ 0: 'running', 3: 'failure', 10: 'running' }), ...step({ 0: 'in_progress', 3: 'failed' }) },
      at: '11m',
      fires: [STEP],
    },
    {
      name: 'the next run succeeded',
      series: {
        ...run({ 0: 'running', 3: 'failure', 10: 'running', 15: 'success' }),
        ...step({ 0: 'in_progress', 3: 'failed', 11: 'in_progress', 14: 'completed' }),
      },
      at: '15m',
      fires: none,
    },
    { name: 'deleted', series: { ...failedStep, ...run({ 3: 'failure', 5: 'deleted' }) }, at: '6m', fires: none },
    { name: 'reset', series: { ...failedStep, ...run({ 3: 'failure', 5: 'reset' }) }, at: '6m', fires: none },
    {
      name: 'another cluster succeeded',
      series: { ...failedStep, ...run({ 0: 'running', 5: 'success' }, { ...RUN, cluster: 'other' }) },
      at: '6m',
      fires: [STEP],
    },
  ],
  InstallRunFailed: [
    { name: 'the time limit was reached', series: run({ 0: 'running', 3: 'timeout' }), at: '4m', fires: [RUN] },
    { name: 'an error of the program', series: run({ 0: 'running', 3: 'error' }), at: '4m', fires: [RUN] },
    { name: 'a failed step says it already', series: failedStep, at: '4m', fires: none },
    {
      name: 'a step of another cluster failed',
      series: { ...run({ 3: 'failure' }), ...step({ 3: 'failed' }, { ...STEP, cluster: 'other' }) },
      at: '4m',
      fires: [RUN],
    },
    { name: 'cancelled', series: run({ 0: 'running', 3: 'cancellation' }), at: '4m', fires: none },
    { name: 'the next run began', series: run({ 0: 'running', 3: 'error', 5: 'running' }), at: '5m', fires: none },
    { name: 'the next run succeeded', series: run({ 3: 'error', 5: 'running', 9: 'success' }), at: '9m', fires: none },
    { name: 'deleted', series: run({ 3: 'error', 5: 'deleted' }), at: '6m', fires: none },
    { name: 'reset', series: run({ 3: 'error', 5: 'reset' }), at: '6m', fires: none },
  ],
  InstallStuck: [
    {
      name: 'silent for 5 minutes, not more',
      series: { ...run({ 0: 'running' }), ...alive(0, 5) },
      at: '10m',
      fires: none,
    },
    {
      name: 'silent for more than 5 minutes, and a minute to be sure',
      series: { ...run({ 0: 'running' }), ...alive(0, 5) },
      at: '11m30s',
      fires: [RUN],
    },
    {
      name: 'slow, and alive',
      series: { ...run({ 0: 'running' }), ...alive(0, 60) },
      at: '60m',
      fires: none,
    },
    {
      name: 'ended, and so silent',
      series: { ...run({ 0: 'running', 5: 'success' }), ...alive(0, 5) },
      at: '30m',
      fires: none,
    },
    {
      name: 'the next run succeeded',
      series: { ...run({ 0: 'running', 20: 'running', 25: 'success' }), ...alive(0, 5) },
      at: '30m',
      fires: none,
    },
    {
      name: 'deleted',
      series: { ...run({ 0: 'running', 15: 'deleted' }), ...alive(0, 5) },
      at: '30m',
      fires: none,
    },
  ],
  InstallSlow: [
    {
      name: '10 minutes, not more',
      series: { ...run({ 0: 'running' }), ...alive(0, 12), ...times(0, 0) },
      at: '10m',
      fires: none,
    },
    {
      name: 'more than 10 minutes',
      series: { ...run({ 0: 'running' }), ...alive(0, 12), ...times(0, 0) },
      at: '10m30s',
      fires: [RUN],
    },
    {
      name: 'silent: stuck, not slow',
      series: { ...run({ 0: 'running' }), ...alive(0, 4), ...times(0, 0) },
      at: '12m',
      fires: none,
    },
    {
      name: 'succeeded after 600 s',
      series: { ...run({ 0: 'running', 11: 'success' }), ...times(60, 660) },
      at: '12m',
      fires: none,
    },
    {
      name: 'succeeded after 601 s',
      series: { ...run({ 0: 'running', 11: 'success' }), ...times(59, 660) },
      at: '12m',
      fires: [RUN],
    },
    {
      name: 'an hour after it succeeded',
      series: { ...run({ 0: 'running', 11: 'success' }), ...times(59, 660) },
      at: '71m',
      fires: none,
    },
    {
      name: 'failed, which another alert says',
      series: { ...run({ 0: 'running', 11: 'failure' }), ...times(0, 660) },
      at: '12m',
      fires: none,
    },
    {
      name: 'deleted',
      series: { ...run({ 0: 'running', 11: 'success', 13: 'deleted' }), ...times(0, 660) },
      at: '14m',
      fires: none,
    },
  ],
  InstallOptionalStepFailed: [
    {
      name: 'the run succeeded nevertheless',
      series: { ...run({ 0: 'running', 3: 'success' }), ...step({ 0: 'in_progress', 2: 'failed' }) },
      at: '4m',
      fires: [STEP],
    },
    { name: 'the run failed', series: failedStep, at: '4m', fires: none },
    {
      name: 'the next run completed the step',
      series: {
        ...run({ 0: 'running', 3: 'success', 10: 'running', 12: 'success' }),
        ...step({ 0: 'in_progress', 2: 'failed', 11: 'completed' }),
      },
      at: '13m',
      fires: none,
    },
    {
      name: 'deleted',
      series: { ...run({ 0: 'running', 3: 'success', 5: 'deleted' }), ...step({ 2: 'failed' }) },
      at: '6m',
      fires: none,
    },
  ],
  InstallDiskAlmostFull: [
    { name: '80 % used', series: { ...run({ 0: 'success' }), ...disk(200) }, at: '5m', fires: none },
    {
      name: '80.1 % used',
      series: { ...run({ 0: 'success' }), ...disk(199) },
      at: '5m',
      fires: [{ ...RUN, volume: 'home' }],
    },
    {
      name: 'the next run saw room',
      series: {
        ...run({ 0: 'success' }),
        ...disk(100),
        ...of(METRICS.diskFree, { 0: 100, 30: 500 }, { ...RUN, volume: 'home' }),
      },
      at: '31m',
      fires: none,
    },
    { name: 'no run for a day', series: { ...run({ 0: 'success' }), ...disk(100) }, at: `${DAY + 5}m`, fires: none },
    { name: 'deleted', series: { ...run({ 0: 'success', 5: 'deleted' }), ...disk(100) }, at: '6m', fires: none },
  ],
  InstallTelemetryWaiting: [
    { name: 'for less than 15 minutes', series: of(METRICS.spoolRecords, { 0: 5 }), at: '14m30s', fires: none },
    { name: 'for more than 15 minutes', series: of(METRICS.spoolRecords, { 0: 5 }), at: '16m', fires: [RUN] },
    { name: 'delivered meanwhile', series: of(METRICS.spoolRecords, { 0: 5, 10: 0 }), at: '30m', fires: none },
    {
      name: 'deleted',
      series: { ...run({ 0: 'success', 20: 'deleted' }), ...of(METRICS.spoolRecords, { 0: 5 }) },
      at: '40m',
      fires: none,
    },
  ],
};
